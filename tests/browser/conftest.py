"""People at their desks: signed-in pages of a started Printdesk."""

import pytest

from tests.support.accounts import add_staff
from tests.support.pages import sign_in

SAM = ("sam.park@printlab.example", "another long password")


@pytest.fixture(scope="session")
def sam(live):
    add_staff(live, SAM[0], "Sam Park", SAM[1])
    return SAM


@pytest.fixture
def desk(new_page, live):
    """The administrator's page, 1440 px wide."""
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, live)
    return page


@pytest.fixture
def second(new_page, live, sam):
    """Another person's page, beside it."""
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, live, *sam)
    return page

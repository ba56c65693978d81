import pytest

from tests.support import jobs


@pytest.fixture
def people(database, storage_root):
    """An empty lab with its people; see tests/support/jobs.py."""
    return jobs.add_people()

import pytest


@pytest.fixture
def people(database, storage_root):
    """An empty lab with its people; see tests/support/jobs.py."""
    from tests.support import jobs

    return jobs.add_people()

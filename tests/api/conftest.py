import pytest


@pytest.fixture
def desk(database, storage_root):
    """The application with its people, on an empty database and an empty storage."""
    from tests.support.client import Desk

    return Desk()

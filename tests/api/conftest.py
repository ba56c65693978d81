"""`desk`: the application with its people, on an empty database and an empty storage."""

from pathlib import Path

import pytest

from tests.support.client import Desk


@pytest.fixture
def desk(database: str, storage_root: Path) -> Desk:
    return Desk()

"""What Lighthouse finds on the pages that strangers see."""

import pytest

from tests.support import lighthouse

pytestmark = pytest.mark.system


@pytest.mark.parametrize("path", ["/submit", "/track", "/login"])
def test_lighthouse_finds_nothing_to_improve(live, tmp_path, path):
    found = lighthouse.look_at(f"{live.base_url}{path}", tmp_path)
    assert "runtimeError" not in found
    missed = [
        f"{audit['id']}: {audit['title']}"
        for audit in found["audits"].values()
        if audit["score"] == 0
    ]
    scores = {name: category["score"] for name, category in found["categories"].items()}
    assert scores == dict.fromkeys(lighthouse.CATEGORIES, 1), missed

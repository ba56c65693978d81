"""A large upload does not stay in the memory of the web process."""

import http.client

import pytest

from bench import submit as bench
from tests.support import meshes

LIMIT_MB = 32


def test_a_50_mb_upload_takes_little_memory(live, tmp_path):
    model = meshes.large_binary_stl(tmp_path / "large.stl", 50)
    bench.warm_up(live)
    before = bench.reset_peaks(live)
    if before is None:
        pytest.skip("peaks of memory are measured through /proc")
    assert bench.upload(live.port, model, "large@uni.example") == http.client.CREATED
    grown = bench.growth(live, before)
    assert grown is not None and grown < LIMIT_MB

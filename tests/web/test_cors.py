"""Other origins: none by default, and those of CORS_ORIGINS for the API."""

import subprocess
import sys

from settings import ROOT

_ASK = """
from app import server
client = server.test_client()
asked = {"Origin": "https://console.uni.example", "Access-Control-Request-Method": "GET"}
for path in ("/api/v1/jobs", "/dashboard"):
    answer = client.options(path, headers=asked)
    print(answer.headers.get("Access-Control-Allow-Origin"))
other = client.options("/api/v1/jobs", headers=asked | {"Origin": "https://evil.example"})
print(other.headers.get("Access-Control-Allow-Origin"))
print(client.get("/api/v1/jobs", headers=asked).status_code)
"""


def ask(monkeypatch, origins: str) -> list[str]:
    """In a process of its own: the application is made once in each."""
    monkeypatch.setenv("CORS_ORIGINS", origins)
    arguments = (sys.executable, "-c", _ASK)
    return subprocess.run(
        arguments, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_no_other_origin_is_allowed_by_default(monkeypatch, database):
    assert ask(monkeypatch, "") == ["None", "None", "None", "401"]


def test_a_named_origin_may_call_the_api_and_nothing_else(monkeypatch, database):
    answers = ask(monkeypatch, "https://console.uni.example")
    assert answers == ["https://console.uni.example", "None", "None", "401"]

"""A certified OpenID Connect provider (npm `oidc-provider`) on loopback."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support import node
from tests.support.mailserver import free_port

FOLDER = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "printdesk", "a secret of the tests, and of nothing else"
ACCOUNTS: dict[str, dict[str, Any]] = {
    "boss": {"email": "Boss@printlab.example", "email_verified": True, "name": "Bea Boss"},
    "sam": {"email": "sam@printlab.example", "email_verified": True, "name": "Sam Staff"},
    "eve": {"email": "eve@elsewhere.example", "email_verified": True, "name": "Eve Else"},
    "mallory": {"email": "boss2@printlab.example", "email_verified": False, "name": "Mallory"},
}
START_WITHIN_S = 30


class OidcProvider:
    """The provider for one Printdesk; `base_url` is that Printdesk's."""

    def __init__(self, base_url: str) -> None:
        self.port = free_port()
        self.base_url = base_url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        node.install(FOLDER)
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [f"{self.base_url}/login/callback"],
            "post_logout_redirect_uris": [f"{self.base_url}/signed-out"],
        }
        about = {"port": self.port, "accounts": ACCOUNTS, "client": client}
        self._process = subprocess.Popen(
            (node.NODE, "provider.mjs"),
            cwd=FOLDER,
            env={**os.environ, "OIDC_TEST": json.dumps(about)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, "the provider ended"
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        try:
            url = f"{self.issuer}/.well-known/openid-configuration"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

"""`python -m demo`, which is `make demo`: Printdesk with an invented lab, beside the real one.

This only makes the environment, then becomes demo.running. Whatever ties an installation to the
real world stays behind: `.env`, its servers, mails, sign-in and storage.
"""

import os
import sys

OF_ITS_OWN = ("DATABASE_URL", "REDIS_URL")
LEFT_BEHIND = (
    *("SMTP_URL", "MAIL_FROM", "SECRET_KEY", "STAFF_STORAGE_PATH", "AUTH_MODE"),
    *("ADMIN_EMAIL", "ADMIN_PASSWORD", "CORS_ORIGINS"),
)
LEFT_BEHIND_GROUPS = ("OIDC_", "JWT_")


def environment(given: dict[str, str]) -> dict[str, str]:
    """The demo's environment, from the one it is started in."""
    kept = {
        name: value
        for name, value in given.items()
        if name.upper() not in LEFT_BEHIND and not name.upper().startswith(LEFT_BEHIND_GROUPS)
    }
    folder = os.path.join(given.get("VAR_DIR") or "var", "demo")
    return kept | {
        "ENV_FILE": os.devnull,
        "VAR_DIR": folder,
        "STORAGE_DIR": os.path.join(folder, "storage"),
    }


def main() -> int:
    for name in OF_ITS_OWN:
        if os.environ.get(name):
            words = f"{name} is set, and the demo brings its own servers: unset it for the demo."
            print(f"printdesk: {words}", file=sys.stderr, flush=True)
            return 2
    command = [sys.executable, "-m", "demo.running", *sys.argv[1:]]
    os.execve(sys.executable, command, environment(dict(os.environ)))


if __name__ == "__main__":
    sys.exit(main())

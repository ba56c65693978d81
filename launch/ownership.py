"""The owner of the servers' files, and access to their folders.

PostgreSQL refuses to run as root: then both servers run as the owner of the data or, for new data,
as the system account `printdesk-db`.
"""

import os
import pwd
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from launch.processes import Account, LaunchError

ACCOUNT = "printdesk-db"


def choose_account(data: Path) -> Account | None:
    """None for an ordinary user. For root: the owner of existing data, else `printdesk-db`."""
    if os.geteuid() != 0:
        with suppress(KeyError):
            pwd.getpwuid(os.geteuid())
            return None
        raise LaunchError(f"User {os.geteuid()} has no name here, which PostgreSQL needs.")
    if data.exists() and data.stat().st_uid:
        with suppress(KeyError):
            entry = pwd.getpwuid(data.stat().st_uid)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    with suppress(KeyError):
        entry = pwd.getpwnam(ACCOUNT)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    return _create_account()


def _create_account() -> Account:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/bin/false", ACCOUNT]
    with suppress(OSError, subprocess.CalledProcessError, KeyError):
        subprocess.run(command, check=True, capture_output=True)
        entry = pwd.getpwnam(ACCOUNT)
        return Account(ACCOUNT, entry.pw_uid, entry.pw_gid)
    raise LaunchError(
        f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made:"
        " start Printdesk as an ordinary user."
    )


def check_owner(folder: Path, account: Account | None) -> None:
    owner = folder.stat().st_uid
    if owner != (account.uid if account else os.geteuid()):
        raise LaunchError(f"{folder} belongs to user {owner}: start Printdesk as that user.")


def make_private(folder: Path, account: Account | None) -> None:
    """Makes a folder that only the server's user may enter. Raises LaunchError if another user owns
    it."""
    owner = account.uid if account else os.geteuid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise LaunchError(f"{folder} belongs to user {found.st_uid}: remove it, then start again.")
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
        make_reachable(folder, account)


def write_private(path: Path, text: str, account: Account | None) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o600)
    if account:
        os.chown(draft, account.uid, account.gid)
    draft.replace(path)


def make_reachable(path: Path, account: Account | None, *, readable: bool = False) -> None:
    """Lets the server's account traverse the folders above `path`, without listing them. With
    `readable`, a program installed under a strict umask becomes readable."""
    if account is None:
        return
    groups = set(os.getgrouplist(account.name, account.gid))
    for folder in path.parents:
        found = folder.stat()
        if not _may_enter(found, account, groups):
            folder.chmod(stat.S_IMODE(found.st_mode) | _enter_bit(found, account, groups))
            sys.stderr.write(f"printdesk: {folder} may now be entered by {account.name}.\n")
    if readable and not path.stat().st_mode & stat.S_IXOTH:
        for item in (path.parent, *path.parent.rglob("*")):
            mode = stat.S_IMODE(item.stat().st_mode)
            item.chmod(mode | 0o044 | (0o011 if mode & stat.S_IXUSR else 0))


def _enter_bit(found: os.stat_result, account: Account, groups: set[int]) -> int:
    if found.st_uid == account.uid:
        return stat.S_IXUSR
    return stat.S_IXGRP if found.st_gid in groups else stat.S_IXOTH


def _may_enter(found: os.stat_result, account: Account, groups: set[int]) -> bool:
    return bool(found.st_mode & _enter_bit(found, account, groups))

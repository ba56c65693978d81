"""How gunicorn serves Printdesk: one process loads it, and the workers share that memory."""

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import Any

# gunicorn reads this file before it makes the project importable.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from launch import checks
from launch.processes import LaunchError
from settings import Settings


def _read_settings() -> Settings:
    """`make run` has already checked the settings; a gunicorn started directly checks them here."""
    try:
        values = checks.read_settings()
        if checks.DONE not in os.environ:
            checks.check_production(values)
            checks.check_sign_in(values)
    except LaunchError as problem:
        sys.stderr.write(f"printdesk: {problem}\n")
        sys.exit(problem.code)
    return values


def _give_memory_back() -> None:
    """What glibc's malloc keeps, by <malloc.h>; elsewhere than in glibc the options are refused.

    Left alone, it gives each of 16 threads a heap of its own, and after the first large answer it
    keeps what was freed of the next ones.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for option, value in _MALLOC.items():
            set_option(option, value)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MALLOC = {_M_ARENA_MAX: 2, _M_TRIM_THRESHOLD: 128 * 1024, _M_MMAP_THRESHOLD: 128 * 1024}
_give_memory_back()
# Read when numpy is imported: nothing here multiplies matrices, and each helper has its own memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_settings = _read_settings()

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else (
    f"{_settings.host}:{_settings.port}"
)  # fmt: skip
preload_app = True
worker_class = "gthread"
workers = _settings.web_workers
threads = _settings.web_threads

timeout = 120
# Long enough for an upload on its way, shorter than the supervisor's patience.
graceful_timeout = 20
keepalive = 5

# Printdesk trusts proxies by TRUSTED_PROXIES alone and logs requests itself.
forwarded_allow_ips = ""
accesslog = None
loglevel = "info"
# A heartbeat file on a busy disk could stall a worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# The control socket would be one more file and door in the home folder.
control_socket_disable = True


def on_starting(server: Any) -> None:
    if checks.DONE not in os.environ:
        for words in checks.warnings(_settings):
            server.log.warning("%s", words)


def when_ready(_server: object) -> None:
    """Excludes loaded objects from garbage collection, so that workers keep sharing their memory.
    What each of them would build on first use is built here, once."""
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    gc.collect()
    gc.freeze()


def post_fork(_server: object, _worker: object) -> None:
    """Closes connections opened while loading: they belong to the parent process."""
    from services import work

    work.engine().dispose(close=False)

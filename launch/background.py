"""The Celery workers and the schedule (beat), forked from one loaded process.

Started separately, each would load the same libraries; forked, they share that memory, some 80 MB.
This parent opens no connection, restarts any of them that dies, and stops them all. Their logs are
`worker.log`, `models.log` (the worker that reads models) and `beat.log`.
"""

import gc
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from launch.processes import MAX_DELAY_S, STEADY_AFTER_S, open_log, watch_parent
from settings import settings

LOG_DIR = settings().var_dir / "log"
ORPHAN_PATIENCE_S = 5


class Background:
    def __init__(self) -> None:
        self.commands = {
            "worker": worker_command(),
            "models": models_command(),
            "beat": beat_command(),
        }
        self.pids: dict[int, str] = {}
        self.started: dict[str, float] = {}
        self.delays: dict[str, float] = {}
        self.stopping = False
        self.supervisor = os.getppid()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGALRM, _end_group)
        for name in self.commands:
            if not self.stopping:
                self._fork(name)
        while self.pids:
            with suppress(ChildProcessError):
                pid, status = os.wait()
                if pid in self.pids:
                    name = self.pids.pop(pid)
                    self._start_again(name, os.waitstatus_to_exitcode(status))
        return 0

    def _start_again(self, name: str, code: int) -> None:
        if self.stopping:
            return
        steady = time.monotonic() - self.started[name] > STEADY_AFTER_S
        delay = 0.5 if steady else self.delays.get(name, 0.5)
        self.delays[name] = min(delay * 2, MAX_DELAY_S)
        sys.stderr.write(f"ERROR {name} ended ({code}); starting it again in {delay:g} s.\n")
        self._wait(delay)
        if not self.stopping:
            self._fork(name)

    def _wait(self, seconds: float) -> None:
        """Sleeps for the time given, or until a request to stop."""
        deadline = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < deadline:
            time.sleep(0.1)

    def _fork(self, name: str) -> None:
        # A signal between the fork and the recording of the child's pid would miss the child.
        blocked = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        ask = watch_parent(signal.SIGTERM)
        pid = os.fork()
        if pid == 0:
            for number in blocked:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            if ask:
                ask()
            _run_celery(name, self.commands[name])
        self.pids[pid] = name
        self.started[name] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """All get SIGTERM; a later SIGQUIT makes the worker give its task back."""
        self.stopping = True
        if os.getppid() != self.supervisor:
            # It was killed, so Redis is going too, and a worker would wait for Redis for ever.
            signal.alarm(ORPHAN_PATIENCE_S)
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT if number == signal.SIGQUIT else signal.SIGTERM)


def _end_group(_number: int, _frame: FrameType | None) -> None:
    """Ends this process and all it started, when it leads a group of its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)


def worker_command() -> list[str]:
    # Nothing is gained from workers that talk to each other before they start.
    return [
        *("worker", "--pool", "prefork", "--concurrency", str(settings().worker_processes)),
        *("-n", f"worker-{os.getpid()}-{int(time.time())}@%h", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "-Q", "celery"),
    ]


def models_command() -> list[str]:
    """Reads models, one at a time, in its own process, so that no e-mail waits behind a large file.
    The other worker sends the heartbeat."""
    return [
        *("worker", "--pool", "solo", "-Q", "models"),
        *("-n", f"models-{os.getpid()}-{int(time.time())}@%h", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat_command() -> list[str]:
    schedule = settings().var_dir / "beat-schedule"
    return ["beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "INFO"]


def load() -> None:
    """Imports the shared modules before the fork, and excludes them from garbage collection."""
    import celery.apps.beat
    import celery.apps.worker
    import celery.bin.celery
    import kombu.transport.redis
    from celery.app.utils import find_app
    from sqlalchemy.orm import configure_mappers

    del celery, kombu
    find_app("tasks.app").loader.import_default_modules()
    configure_mappers()
    gc.collect()
    gc.freeze()


def _run_celery(name: str, command: list[str]) -> None:
    """Turns a fresh fork into `celery <command>`. Does not return."""
    from celery.bin.celery import main

    code: object = 1
    try:
        with open_log(Path(LOG_DIR) / f"{name}.log") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        sys.argv = ["celery", "-A", "tasks.app", *command]
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # The parent's clean-up must not run in this process.
        os._exit(code if isinstance(code, int) else int(bool(code)))


if __name__ == "__main__":
    load()
    sys.exit(Background().run())

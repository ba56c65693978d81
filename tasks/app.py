"""The Celery application, its schedule, and the worker's heartbeat.

Losing a task loses no work: everything that must happen is a row with a state, and beat sweeps the
rows. A killed worker, an unavailable broker or a duplicate message may delay an e-mail, but never
lose it.
"""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import heartbeat_sent, worker_process_init, worker_ready
from kombu import Queue, pools
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis import Redis
from redis.exceptions import RedisError

from services import logs, work
from services.health import WORKER_ALIVE_KEY
from settings import settings

log = structlog.get_logger()


HEARTBEAT_TTL_S = 20
TASK_LIMIT_S = 240
SENDING_TIMEOUT_S = 2
QUIET_S = 5
TRANSPORT_OPTIONS = {
    "visibility_timeout": TASK_LIMIT_S + 60,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
}
SENDING_OPTIONS = {**TRANSPORT_OPTIONS, "socket_timeout": SENDING_TIMEOUT_S}


def _broker_url() -> str:
    """REDIS_URL in Celery's format, which uses `redis+socket://` for unix sockets."""
    url = urlsplit(settings().redis_url)
    if url.scheme != "unix":
        return settings().redis_url
    database = parse_qs(url.query).get("db", ["0"])[0]
    return f"redis+socket://{url.path}?virtual_host={database}"


celery = Celery(
    "printdesk",
    broker=_broker_url(),
    include=["tasks.mail", "tasks.models", "tasks.reports", "tasks.sweeps"],
)
celery.conf.update(
    # A worker serves both queues by default; `make run` starts one for each.
    task_queues=(Queue("celery"), Queue("models")),
    task_routes={"models.check": {"queue": "models"}},
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TASK_LIMIT_S,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options=TRANSPORT_OPTIONS,
    timezone="UTC",
    beat_schedule={
        "mail.sweep": {
            "task": "mail.sweep",
            "schedule": settings().sweep_seconds,
            "options": {"expires": 4 * settings().sweep_seconds},
        },
        "confirmations.expire": {
            "task": "confirmations.expire",
            "schedule": settings().sweep_seconds,
            "options": {"expires": 4 * settings().sweep_seconds},
        },
        "models.sweep": {
            "task": "models.sweep",
            "schedule": settings().sweep_seconds,
            "options": {"expires": 4 * settings().sweep_seconds},
        },
        # Hourly: it has work on the first of a month, or later if no worker was running then.
        "reports.summary": {
            "task": "reports.summary",
            "schedule": crontab(minute=7),
            "options": {"expires": 3600},
        },
        "jobs.recount": {"task": "jobs.recount", "schedule": 600.0, "options": {"expires": 600}},
        "files.sweep": {"task": "files.sweep", "schedule": 1800.0, "options": {"expires": 1800}},
        "storage.measure": {
            "task": "storage.measure",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "integrity.sweep": {
            "task": "integrity.sweep",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
    },
)


_quiet_until = 0.0


def send(task: str, arguments: tuple[Any, ...]) -> None:
    """Sends a task by name. An unavailable broker is logged, not raised: the sweeps do the work.

    A request waits for this, so after a timeout no further task is sent for a few seconds.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        log.info("task_left_to_the_sweep", task=task, arguments=arguments)
        return
    connection = celery.connection_for_write(transport_options=SENDING_OPTIONS)
    try:
        with producers[connection].acquire(block=True, timeout=SENDING_TIMEOUT_S) as producer:
            celery.send_task(
                task,
                arguments,
                producer=producer,
                retry=True,
                retry_policy={"max_retries": 1, "interval_start": 0},
            )
    except (OperationalError, RedisError, LimitExceeded) as problem:
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("task_not_sent", task=task, arguments=arguments, problem=str(problem))


def redis_client() -> Redis:
    return Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=2)


_redis: Redis | None = None


@heartbeat_sent.connect
def note_heartbeat(**_: Any) -> None:
    """The worker's heartbeat for the health route, every two seconds from its main process."""
    global _redis
    try:
        _redis = _redis or redis_client()
        _redis.set(WORKER_ALIVE_KEY, int(time.time()), ex=HEARTBEAT_TTL_S)
    except RedisError as problem:
        log.warning("heartbeat_not_noted", problem=str(problem))


@worker_ready.connect
def measure_storage_first(**_: Any) -> None:
    """Measures at the start, so that there is a value in the first minute too."""
    send("storage.measure", ())


@worker_process_init.connect
def start_worker_process(**_: Any) -> None:
    logs.configure()
    work.dispose()
    pools.reset()  # a connection of the process it was forked from
    work.send_tasks_with(send)

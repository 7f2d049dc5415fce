"""Celery: what runs where, and the whole periodic schedule."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import ctypes
import signal
import sys
from typing import Any

import django
from celery import Celery, signals
from django.conf import settings

from assistants.registry.manifest import Manifest, ManifestError
from assistants.registry.store_section import StoreSection

django.setup(set_prefix=False)

PR_SET_PDEATHSIG = 1

# What a process imports: the sweeps process needs no LangGraph, which costs two seconds and 80 MB.
IMPORTS = {"worker": ["config.worker", "runs.tasks.wake"], "sweeps": ["runs.tasks.sweeps"]}


def store_sweep_seconds() -> float:
    """`store.ttl.sweep_interval_minutes` of langgraph.json in the process that sweeps."""
    try:
        section = Manifest.read(settings.GRAPHS_FILE).store if settings.PROCESS == "sweeps" else StoreSection()
    except ManifestError:  # web and workers refuse to start; the other sweeps need no graphs
        section = StoreSection()
    return section.ttl.sweep_interval * 60


# Without Celery's Django fixup: its start-up checks import every view. The sweeps look after their connection themselves.
app = Celery("holdfast", broker=settings.CELERY_BROKER_URL, fixups=[])
app.conf.update(
    imports=IMPORTS.get(settings.PROCESS, []),
    task_ignore_result=True,
    task_acks_late=False,
    task_store_errors_even_if_ignored=False,
    task_publish_retry=False,
    task_default_queue="sweeps",
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    task_send_sent_event=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_enable_remote_control=settings.PROCESS == "worker",
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_keepalive": True},
    enable_utc=True,
    beat_schedule={
        name: {"task": name, "schedule": seconds, "options": {"queue": "sweeps", "expires": max(seconds, 1.0), "ignore_result": True}}
        for name, seconds in (
            ("runs.rescue_expired_runs", 1.0),
            ("runs.rewake_due_runs", 1.0),
            ("runs.delete_ended_threads", 30.0),
            ("runs.delete_old_events", 300.0),
            ("runs.delete_expired_items", store_sweep_seconds()),
        )
    },
)


@signals.beat_embedded_init.connect
def die_with_parent(**_: Any) -> None:
    """The embedded beat is a fork: the kernel's death signal is not inherited."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

"""The wake-up of the queue `runs`."""

from celery import shared_task

from runs.engine.worker import engine


@shared_task(name="runs.wake")
def wake() -> None:
    """Let this process's engine look for due runs."""
    engine().look()

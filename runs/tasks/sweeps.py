"""The sweeps, each under an advisory lock: two replicas are harmless."""

from celery import shared_task

from runs.engine import recovery


@shared_task(name="runs.rescue_expired_runs")
def rescue_expired_runs() -> None:
    """Make runs of dead workers pending again."""
    recovery.rescue_expired_runs()


@shared_task(name="runs.rewake_due_runs")
def rewake_due_runs() -> None:
    """Send a wake-up where one was lost."""
    recovery.rewake_due_runs()


@shared_task(name="runs.delete_ended_threads")
def delete_ended_threads() -> None:
    """Remove the threads of stateless runs that have ended."""
    recovery.delete_ended_threads()


@shared_task(name="runs.delete_old_events")
def delete_old_events() -> None:
    """Empty the event log after its retention time."""
    recovery.delete_old_events()


@shared_task(name="runs.delete_expired_items")
def delete_expired_items() -> None:
    """Remove store items whose time is over."""
    recovery.delete_expired_items()

"""What happens to a new run on a thread that has work: `enqueue` waits, `reject` refuses. (Others are not built.)"""

from django.conf import settings

from tenants.exceptions import Conflict

BUSY = "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."


def admit(strategy: str, active: int) -> None:
    """Let one more run onto a thread that has `active` pending and running ones, or raise Conflict."""
    if active and strategy == "reject":
        raise Conflict(BUSY)
    if active >= settings.THREAD_QUEUE_LIMIT:
        raise Conflict(f"{active} runs wait on this thread already, which is the limit. Wait for some to finish or cancel them.")

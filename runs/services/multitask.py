"""A new run on a thread that has work: `enqueue` waits behind it, `reject` is refused, `interrupt` and `rollback` end what is there."""

from django.conf import settings

from runs.models import Interrupt, Thread
from runs.services.ending import Ending, audit_cancelled, end_runs, locked_runs
from runs.services.situation import Situation
from tenants.actors import Actor
from tenants.exceptions import Conflict
from tenants.policy import Permission, require

BUSY = "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."
ENDINGS = {"interrupt": Ending("multitask_interrupt"), "rollback": Ending("multitask_rollback", removes=True)}


def require_strategy(actor: Actor, strategy: str, situation: Situation) -> None:
    """Raise NotAllowed unless the actor may do this to the thread's active runs.

    Rolling back beside an open interrupt, or what answers one, is a way around it.
    """
    if strategy not in ENDINGS or not situation.active:
        return
    require(actor, Permission.RUN_CANCEL)
    if ENDINGS[strategy].removes and (situation.pending or any(run.resume_ids for run in situation.active)):
        require(actor, Permission.STATE_UPDATE)


def admit(actor: Actor, thread: Thread, strategy: str, situation: Situation) -> str | None:
    """Let one more run onto the locked thread, or raise Conflict. `interrupt` and `rollback` first end every active run, waiting ones too.

    Answers the checkpoint at which interrupts then wait, if any do: an answer that was not used is open again, and passing it by needs
    `state.update`.
    """
    active = len(situation.active)
    if not active:
        return thread.head_checkpoint_id if situation.pending else None
    if strategy in ENDINGS:
        return _end_active(actor, thread, ENDINGS[strategy])
    if strategy == "reject":
        raise Conflict(BUSY)
    if active >= settings.THREAD_QUEUE_LIMIT:
        raise Conflict(f"{active} runs wait on this thread already, which is the limit. Wait for some to finish or cancel them.")
    return None


def _end_active(actor: Actor, thread: Thread, ending: Ending) -> str | None:
    runs = list(locked_runs(thread).active())
    end_runs(actor, thread, runs, ending)
    audit_cancelled(actor, runs, ending)
    waiting = Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id=thread.thread_id)
    checkpoints = list(waiting.values_list("checkpoint_id", flat=True)[:1])
    if not checkpoints:
        return None
    require(actor, Permission.STATE_UPDATE)
    return checkpoints[0]

"""Tables of threads and runs."""

from runs.models.decision import Decision
from runs.models.interrupt import Interrupt
from runs.models.replaced_write import ReplacedWrite
from runs.models.review_comment import ReviewComment
from runs.models.run import Run
from runs.models.run_event import RunEvent
from runs.models.thread import Thread
from runs.models.thread_metadata import ThreadMetadata

__all__ = ["Decision", "Interrupt", "ReplacedWrite", "ReviewComment", "Run", "RunEvent", "Thread", "ThreadMetadata"]

"""HTTP of runs that are waited for or streamed, and of the tickets that open websockets."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.models import Run
from runs.services.runs import create_run
from runs.services.streaming import Joining, Watch, body_of, events_of, thread_events_of, watch_created, watch_run, watch_thread
from runs.services.tickets import issue_ticket
from runs.streams.read import AccessLost
from runs.wire.events import Event, parse_cursor
from runs.wire.query import many, truth
from runs.wire.runs import RunRequest
from runs.wire.sse import HEARTBEAT, THREAD_MODES, frame, thread_cursor, thread_modes
from tenants.api.views import AgentView
from tenants.exceptions import Invalid
from tenants.validation import path_id

RUN = openapi.body(openapi.RUN_CREATE)
STREAM = {(200, "text/event-stream"): openapi.TEXT}
RESULT = {(200, "application/json"): openapi.ANY}
CANCEL = OpenApiParameter("cancel_on_disconnect", bool, description="Cancel the run if this connection is closed before the run has ended.")
MODES = OpenApiParameter("stream_mode", str, many=True, description="Only events of these modes, or of these names (`messages/partial`).")
WEBSOCKET = openapi.thing("path", path=openapi.TEXT)
TICKET = openapi.thing(ticket=openapi.TEXT, expires_at=openapi.TIME)
STREAM_MODES = OpenApiParameter(
    "stream_modes", str, many=True, enum=sorted(THREAD_MODES), description="What to show; `run_modes` unless something is named."
)
STREAM_MODE = OpenApiParameter("stream_mode", str, many=True, enum=sorted(THREAD_MODES), description="The same, as clients call it.")
LAST = OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER, description="Go on after this event; `-` replays resumable runs.")

THREAD_FRAMES = OpenApiExample(
    "a run has ended",
    f'event: metadata\r\ndata: {{"status":"run_done","run_id":"{openapi.SAMPLE_ID}"}}\r\nid: 1700000000000-7\r\n\r\n',
    response_only=True,
    media_type="text/event-stream",
)


class StreamView(AgentView):
    """The base of what stays open. Such a view accepts or authorises, then answers with a generator that the loop drives.

    By then thread and database connection have been given back: `stream()` refuses inside a transaction, and the ORM refuses on a loop, so
    that a generator reaches the database only by `in_database`, for single statements.
    """

    def events(self, watch: Watch, at: str) -> StreamingHttpResponse:
        """Server-sent events; `at` is the address that clients go back to."""
        parts = framed(events_of(watch), with_ids=watch.ref.resumable)
        return self.stream(parts, headers={"Location": f"{at}/stream", "Content-Location": at})

    def body(self, watch: Watch) -> StreamingHttpResponse:
        """One JSON value, as soon as the run has ended."""
        at = address(watch)
        return self.stream(body_of(watch), content_type="application/json", headers={"Location": f"{at}/join", "Content-Location": at})

    def joined(self, request: Request, thread_id: str, run_id: str) -> Watch:
        """A joiner's view of a run."""
        query: dict[str, list[str]] = dict(request.query_params.lists())
        joining = Joining(
            after=parse_cursor(request.headers.get("Last-Event-ID")),
            modes=many(query, "stream_mode"),
            cancels=truth(query, "cancel_on_disconnect"),
        )
        return watch_run(actor=self.actor, thread_id=path_id(thread_id), run_id=path_id(run_id, "run"), joining=joining)

    def created(self, request: Request, thread_id: str | None, *, streamed: bool) -> Watch:
        """The creator's view of a new run."""
        wanted = RunRequest.parse(request.data)
        identifier = None if thread_id is None else path_id(thread_id, brief=True)
        run: Run = create_run(actor=self.actor, thread_id=identifier, request=wanted, streamed=streamed)
        return watch_created(self.actor, run, cancels=wanted.on_disconnect == "cancel")


class RunStream(StreamView):
    """POST /threads/{thread_id}/runs/stream."""

    @extend_schema(operation_id="stream_run", request=RUN, responses=STREAM)
    def post(self, request: Request, thread_id: str) -> StreamingHttpResponse:
        """Create a run and stream its events."""
        watch = self.created(request, thread_id, streamed=True)
        return self.events(watch, address(watch))


class RunWait(StreamView):
    """POST /threads/{thread_id}/runs/wait."""

    @extend_schema(operation_id="wait_run", request=RUN, responses=RESULT)
    def post(self, request: Request, thread_id: str) -> StreamingHttpResponse:
        """Create a run and answer with its result."""
        return self.body(self.created(request, thread_id, streamed=False))


class RunJoin(StreamView):
    """GET /threads/{thread_id}/runs/{run_id}/join."""

    @extend_schema(operation_id="join_run", parameters=[CANCEL], responses=RESULT)
    def get(self, request: Request, thread_id: str, run_id: str) -> StreamingHttpResponse:
        """Answer with a run's result once it has ended."""
        return self.body(self.joined(request, thread_id, run_id))


class RunJoinStream(StreamView):
    """GET /threads/{thread_id}/runs/{run_id}/stream."""

    @extend_schema(operation_id="join_run_stream", parameters=[CANCEL, MODES, LAST], responses=STREAM)
    def get(self, request: Request, thread_id: str, run_id: str) -> StreamingHttpResponse:
        """Stream a run's events from now on, or after `Last-Event-ID` if it is resumable."""
        watch = self.joined(request, thread_id, run_id)
        return self.events(watch, address(watch))


class ThreadStream(StreamView):
    """GET /threads/{thread_id}/stream."""

    @extend_schema(
        operation_id="join_thread_stream", parameters=[STREAM_MODES, STREAM_MODE, LAST], responses=STREAM, examples=[THREAD_FRAMES]
    )
    def get(self, request: Request, thread_id: str) -> StreamingHttpResponse:
        """Stream the events of all runs of a thread and of writes to its state, until the client leaves or the thread is deleted."""
        modes, after = thread_modes(dict(request.query_params.lists())), thread_cursor(request.headers.get("Last-Event-ID"))
        watch = watch_thread(actor=self.actor, thread_id=path_id(thread_id), modes=modes, after=after)
        return self.stream(framed(thread_events_of(watch), with_ids=True), headers={"Location": request.get_full_path()})


class StatelessStream(StreamView):
    """POST /runs/stream."""

    @extend_schema(operation_id="stream_stateless_run", request=RUN, responses=STREAM)
    def post(self, request: Request) -> StreamingHttpResponse:
        """Run without a thread and stream its events."""
        watch = self.created(request, None, streamed=True)
        return self.events(watch, f"/runs/{watch.ref.run_id}")


class StatelessWait(StreamView):
    """POST /runs/wait."""

    @extend_schema(operation_id="wait_stateless_run", request=RUN, responses=RESULT)
    def post(self, request: Request) -> StreamingHttpResponse:
        """Run without a thread and answer with the result."""
        return self.body(self.created(request, None, streamed=False))


class Tickets(AgentView):
    """POST /tickets."""

    @extend_schema(operation_id="create_ticket", request=openapi.body(WEBSOCKET), responses={200: TICKET})
    def post(self, request: Request) -> Response:
        """A ticket that opens one websocket at `path` within 30 seconds: for browsers, which cannot send the key."""
        body: Any = request.data
        if not isinstance(body, dict):
            raise Invalid("The body must be an object with the websocket's path")
        issued = issue_ticket(actor=self.actor, path=body.get("path"), now=timezone.now())
        return Response({"ticket": issued.ticket, "expires_at": issued.expires_at.isoformat()}, headers={"Cache-Control": "no-store"})


async def framed(events: AsyncGenerator[list[Event], None], *, with_ids: bool) -> AsyncGenerator[bytes, None]:
    """Events as frames, a comment in silences.

    A reader that is too slow loses its connection rather than seeing a clean end: clients then come back with the last id.
    """
    try:
        async with aclosing(events) as batches:
            async for batch in batches:
                if batch:
                    yield b"".join([frame(event.event, event.data, event.id if with_ids else None) for event in batch])
                else:
                    yield HEARTBEAT
    except AccessLost:
        return  # the client asks again and is told 401


def address(watch: Watch) -> str:
    """Where a run lives."""
    return f"/threads/{watch.ref.thread_id}/runs/{watch.ref.run_id}"

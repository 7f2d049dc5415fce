"""HTTP of thread state and history."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.state import get_history, get_state, patch_state, update_state
from runs.wire.schema import checkpoint_id as parse_checkpoint_id
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StatePatch, StateUpdate, selected, state_json, updated_json
from tenants.api.views import AgentView
from tenants.validation import path_id


class ThreadStateDetail(AgentView):
    """GET, POST and PATCH /threads/{thread_id}/state."""

    @extend_schema(
        operation_id="get_thread_state", parameters=[openapi.SUBGRAPHS, openapi.SELECT_STATE], responses={200: openapi.FOUND_STATE}
    )
    def get(self, request: Request, thread_id: str) -> Response:
        """The newest state."""
        at = StateAt.from_query(dict(request.query_params.lists()), CheckpointRef())
        return Response(selected(state_json(get_state(actor=self.actor, thread_id=path_id(thread_id), at=at)), at.select))

    @extend_schema(operation_id="update_thread_state", request=openapi.body(openapi.STATE_UPDATE), responses={200: openapi.UPDATED})
    def post(self, request: Request, thread_id: str) -> Response:
        """Write to the state, as a node would; at an older checkpoint this is a fork."""
        update = StateUpdate.parse(request.data)
        written = update_state(actor=self.actor, thread_id=path_id(thread_id), request=update)
        return Response(updated_json({"configurable": written}))

    @extend_schema(operation_id="patch_thread_state", request=openapi.body(openapi.STATE_PATCH), responses={204: None})
    def patch(self, request: Request, thread_id: str) -> Response:
        """Merge metadata into that of the newest state: the JS client's `threads.patchState`."""
        patch_state(actor=self.actor, thread_id=path_id(thread_id), request=StatePatch.parse(request.data))
        return Response(status=204)


class ThreadStateAt(AgentView):
    """GET /threads/{thread_id}/state/{checkpoint_id}."""

    @extend_schema(
        operation_id="get_thread_state_at", parameters=[openapi.SUBGRAPHS, openapi.SELECT_STATE], responses={200: openapi.FOUND_STATE}
    )
    def get(self, request: Request, thread_id: str, checkpoint_id: str) -> Response:
        """The state at a checkpoint."""
        at = StateAt.from_query(dict(request.query_params.lists()), CheckpointRef(parse_checkpoint_id(checkpoint_id)))
        return Response(selected(state_json(get_state(actor=self.actor, thread_id=path_id(thread_id), at=at)), at.select))


class ThreadStateCheckpoint(AgentView):
    """POST /threads/{thread_id}/state/checkpoint."""

    @extend_schema(
        operation_id="post_thread_state_checkpoint", request=openapi.body(openapi.STATE_AT), responses={200: openapi.FOUND_STATE}
    )
    def post(self, request: Request, thread_id: str) -> Response:
        """The state at a checkpoint, also of a subgraph."""
        at = StateAt.parse(request.data)
        return Response(selected(state_json(get_state(actor=self.actor, thread_id=path_id(thread_id), at=at)), at.select))


class ThreadHistory(AgentView):
    """GET and POST /threads/{thread_id}/history."""

    @extend_schema(
        operation_id="get_thread_history",
        parameters=[openapi.LIMIT, openapi.BEFORE, openapi.SELECT_STATE],
        responses={200: openapi.many(openapi.FOUND_STATE)},
    )
    def get(self, request: Request, thread_id: str) -> Response:
        """Past states, newest first; one unless `limit` says more."""
        return self._page(thread_id, HistoryRequest.from_query(dict(request.query_params.lists())))

    @extend_schema(
        operation_id="post_thread_history", request=openapi.body(openapi.HISTORY), responses={200: openapi.many(openapi.FOUND_STATE)}
    )
    def post(self, request: Request, thread_id: str) -> Response:
        """Past states, newest first, filtered by checkpoint metadata."""
        return self._page(thread_id, HistoryRequest.parse(request.data))

    def _page(self, thread_id: str, page: HistoryRequest) -> Response:
        states = get_history(actor=self.actor, thread_id=path_id(thread_id), request=page)
        return Response([selected(state_json(state), page.select) for state in states])

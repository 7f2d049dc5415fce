"""HTTP of threads."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.access import thread_for
from runs.services.copies import copy_thread
from runs.services.pruning import prune_threads, thread_storage
from runs.services.search import count_threads, search_threads
from runs.services.threads import create_thread, delete_thread, patch_thread
from runs.wire.storage import PruneRequest, storage_json
from runs.wire.threads import ThreadCreate, ThreadPatch, ThreadSearch, thread_json
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.validation import path_id

MINIMAL = "return=minimal"


class ThreadList(AgentView):
    """POST /threads."""

    @extend_schema(operation_id="create_thread", request=openapi.body(openapi.THREAD_CREATE), responses={200: openapi.THREAD})
    def post(self, request: Request) -> Response:
        """Create a thread."""
        return Response(thread_json(create_thread(actor=self.actor, request=ThreadCreate.parse(request.data))))


class ThreadDetail(AgentView):
    """GET, PATCH and DELETE /threads/{thread_id}."""

    @extend_schema(operation_id="get_thread", responses={200: openapi.THREAD})
    def get(self, request: Request, thread_id: str) -> Response:
        """One thread, with the values of its last finished run or state update."""
        return Response(thread_json(thread_for(self.actor, path_id(thread_id))))

    @extend_schema(operation_id="patch_thread", request=openapi.body(openapi.THREAD_PATCH), responses={200: openapi.THREAD, 204: None})
    def patch(self, request: Request, thread_id: str) -> Response:
        """Merge metadata; `Prefer: return=minimal` answers without a body."""
        patch = ThreadPatch.parse(request.data)
        thread = patch_thread(actor=self.actor, thread_id=path_id(thread_id), request=patch)
        if MINIMAL in request.headers.get("Prefer", ""):
            return Response(status=204)
        return Response(thread_json(thread))

    @extend_schema(operation_id="delete_thread", responses={204: None})
    def delete(self, request: Request, thread_id: str) -> Response:
        """Remove a thread with its runs and checkpoints."""
        delete_thread(actor=self.actor, thread_id=path_id(thread_id))
        return Response(status=204)


class ThreadCopy(AgentView):
    """POST /threads/{thread_id}/copy."""

    body_optional = True

    @extend_schema(operation_id="copy_thread", request=None, responses={200: openapi.THREAD})
    def post(self, request: Request, thread_id: str) -> Response:
        """A new thread with the same state, history, metadata and open interrupts; without the runs."""
        return Response(thread_json(copy_thread(actor=self.actor, thread_id=path_id(thread_id))))


class ThreadStorage(AgentView):
    """GET /threads/{thread_id}/storage."""

    @extend_schema(operation_id="get_thread_storage", responses={200: openapi.STORAGE})
    def get(self, request: Request, thread_id: str) -> Response:
        """How many checkpoints, values and pending writes the thread has, and the bytes they take."""
        name = path_id(thread_id)
        return Response(storage_json(name, thread_storage(actor=self.actor, thread_id=name)))


class ThreadPrune(AgentView):
    """POST /threads/prune."""

    @extend_schema(
        operation_id="prune_threads", request=openapi.body(openapi.PRUNE), responses={200: openapi.thing(pruned_count=openapi.WHOLE)}
    )
    def post(self, request: Request) -> Response:
        """Delete threads, or (`keep_latest`) all but the latest state of each; unknown ids are skipped."""
        count = prune_threads(actor=self.actor, request=PruneRequest.parse(request.data))
        return Response({"pruned_count": count})


class ThreadSearchView(AgentView):
    """POST /threads/search."""

    @extend_schema(
        operation_id="search_threads", request=openapi.body(openapi.THREAD_SEARCH), responses={200: openapi.many(openapi.FOUND_THREAD)}
    )
    def post(self, request: Request) -> Response:
        """Find threads, newest update first unless sorted otherwise; `values` finds those whose state contains it."""
        search = ThreadSearch.parse(request.data)
        rows = [search.row(found) for found in search_threads(actor=self.actor, request=search)]
        return paginated(rows, limit=search.limit, offset=search.offset, has_more=False)


class ThreadCount(AgentView):
    """POST /threads/count."""

    @extend_schema(
        operation_id="count_threads", request=openapi.body(openapi.thing(**openapi.THREAD_FILTER)), responses={200: openapi.WHOLE}
    )
    def post(self, request: Request) -> Response:
        """How many threads match."""
        return Response(count_threads(actor=self.actor, request=ThreadSearch.parse(request.data)))

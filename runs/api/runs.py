"""HTTP of a thread's runs."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.access import run_for
from runs.services.cancel import delete_run
from runs.services.runs import create_run, list_runs
from runs.wire.runs import RunList, RunRequest, run_json
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.validation import path_id


class ThreadRuns(AgentView):
    """GET and POST /threads/{thread_id}/runs."""

    @extend_schema(
        operation_id="list_runs",
        parameters=[openapi.LIMIT, openapi.OFFSET, openapi.RUN_STATUSES, openapi.SELECT],
        responses={200: openapi.many(openapi.FOUND_RUN)},
    )
    def get(self, request: Request, thread_id: str) -> Response:
        """The thread's runs, newest first."""
        page = RunList.parse(dict(request.query_params.lists()))
        rows = [page.row(run) for run in list_runs(actor=self.actor, thread_id=path_id(thread_id), request=page)]
        return paginated(rows, limit=page.limit, offset=page.offset, has_more=False)

    @extend_schema(operation_id="create_run", request=openapi.body(openapi.RUN_CREATE), responses={200: openapi.RUN})
    def post(self, request: Request, thread_id: str) -> Response:
        """Start a run in the background."""
        wanted = RunRequest.parse(request.data)
        run = create_run(actor=self.actor, thread_id=path_id(thread_id, brief=True), request=wanted, streamed=False)
        return Response(run_json(run), headers={"Content-Location": f"/threads/{run.thread_id}/runs/{run.run_id}"})


class RunDetail(AgentView):
    """GET and DELETE /threads/{thread_id}/runs/{run_id}."""

    @extend_schema(operation_id="get_run", responses={200: openapi.RUN})
    def get(self, request: Request, thread_id: str, run_id: str) -> Response:
        """One run."""
        return Response(run_json(run_for(self.actor, path_id(thread_id), path_id(run_id, "run"))))

    @extend_schema(operation_id="delete_run", responses={204: None})
    def delete(self, request: Request, thread_id: str, run_id: str) -> Response:
        """Remove a run with its checkpoints."""
        delete_run(actor=self.actor, thread_id=path_id(thread_id), run_id=path_id(run_id, "run"))
        return Response(status=204)

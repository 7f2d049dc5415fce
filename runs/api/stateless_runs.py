"""HTTP of runs without a thread."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.runs import create_run
from runs.services.stateless import create_batch
from runs.wire.runs import RunRequest, run_json
from tenants.api.views import AgentView


class StatelessRuns(AgentView):
    """POST /runs."""

    @extend_schema(operation_id="create_stateless_run", request=openapi.body(openapi.RUN_CREATE), responses={200: openapi.RUN})
    def post(self, request: Request) -> Response:
        """Start a run without a thread, in the background."""
        run = create_run(actor=self.actor, thread_id=None, request=RunRequest.parse(request.data), streamed=False)
        return Response(run_json(run), headers={"Content-Location": f"/runs/{run.run_id}"})


class RunBatch(AgentView):
    """POST /runs/batch."""

    @extend_schema(
        operation_id="create_run_batch",
        request=openapi.body(openapi.RUN_BATCH),
        responses={200: openapi.many(openapi.RUN), 404: openapi.ERROR, 422: openapi.ERROR},
        examples=[OpenApiExample("two", [{"assistant_id": "echo", "input": {}}] * 2, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Start runs without threads, in the background: all of them, or none if one is wrong."""
        return Response([run_json(run) for run in create_batch(actor=self.actor, requests=RunRequest.parse_batch(request.data))])

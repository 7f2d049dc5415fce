"""HTTP of runs without a thread."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.runs import create_run
from runs.wire.runs import RunRequest, run_json
from tenants.api.views import AgentView


class StatelessRuns(AgentView):
    """POST /runs."""

    @extend_schema(operation_id="create_stateless_run", request=openapi.body(openapi.RUN_CREATE), responses={200: openapi.RUN})
    def post(self, request: Request) -> Response:
        """Start a run without a thread, in the background."""
        run = create_run(actor=self.actor, thread_id=None, request=RunRequest.parse(request.data), streamed=False)
        return Response(run_json(run), headers={"Content-Location": f"/runs/{run.run_id}"})

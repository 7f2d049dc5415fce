"""HTTP of cancelling runs."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.cancel import cancel_run, cancel_runs
from runs.services.streaming import stopped_body
from runs.wire.cancels import CancelRequest
from runs.wire.query import one, truth
from tenants.api.views import AgentView
from tenants.validation import path_id

NONE_FOUND = OpenApiResponse(openapi.ERROR, description="Nothing to cancel: unknown, another tenant's, or ended.")


class RunCancel(AgentView):
    """POST /threads/{thread_id}/runs/{run_id}/cancel."""

    body_optional = True

    @extend_schema(
        operation_id="cancel_run",
        request=None,
        parameters=[openapi.ACTION, openapi.WAIT],
        responses={
            202: OpenApiResponse(description="The run is over."),
            200: OpenApiResponse(openapi.OBJECT, description="With `wait`: and its worker has stopped, or 15 s have passed. Always `{}`."),
            404: NONE_FOUND,
        },
    )
    def post(self, request: Request, thread_id: str, run_id: str) -> HttpResponseBase:
        """Stop a run; `rollback` removes it with its checkpoints. It is over when this answers."""
        query = dict(request.query_params.lists())
        run = cancel_run(actor=self.actor, thread_id=path_id(thread_id), run_id=path_id(run_id, "run"), action=action_of(query))
        if not truth(query, "wait"):
            return HttpResponse(status=202, content_type="application/json")
        at = f"/threads/{run.thread_id}/runs/{run.run_id}"
        headers = {"Location": f"{at}/join", "Content-Location": at}
        return self.stream(stopped_body(run), content_type="application/json", headers=headers)


class RunsCancel(AgentView):
    """POST /runs/cancel."""

    @extend_schema(
        operation_id="cancel_runs",
        request=openapi.body(openapi.RUNS_CANCEL),
        parameters=[openapi.ACTION],
        responses={204: OpenApiResponse(description="They are over."), 404: NONE_FOUND},
        examples=[
            OpenApiExample("of a thread", {"thread_id": openapi.SAMPLE_ID, "run_ids": [openapi.SAMPLE_ID]}, request_only=True),
            OpenApiExample("all that wait", {"status": "pending"}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Stop runs of a thread by their ids, or all with a status on threads that the caller may change."""
        query = dict(request.query_params.lists())
        cancel_runs(actor=self.actor, request=CancelRequest.parse(request.data), action=action_of(query))
        return Response(status=204)


def action_of(query: dict[str, list[str]]) -> str:
    """`rollback`, else `interrupt`, whatever was said."""
    return "rollback" if one(query, "action") == "rollback" else "interrupt"

"""HTTP of what deletes an assistant."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants.api import assistants
from assistants.wire import parse_switch
from runs.services.assistants import delete_assistant
from tenants.validation import path_id

DELETE_THREADS = OpenApiParameter(
    "delete_threads", bool, default=False, description="Also delete the threads whose last run was of this assistant."
)


class AssistantDetail(assistants.AssistantDetail):
    """GET, PATCH and DELETE /assistants/{assistant_id}."""

    @extend_schema(operation_id="delete_assistant", parameters=[DELETE_THREADS], responses={204: None})
    def delete(self, request: Request, assistant_id: str) -> Response:
        """Delete an assistant; its runs stay, unless their threads go, too."""
        identifier = path_id(assistant_id, "assistant")
        threads = parse_switch("delete_threads", request.query_params.get("delete_threads"))
        delete_assistant(actor=self.actor, assistant_id=identifier, threads=threads, now=timezone.now())
        return Response(status=204)

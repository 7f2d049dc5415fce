"""HTTP of the caller's own tenant."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import wire
from tenants.api import schemas
from tenants.api.openapi import body
from tenants.api.views import AgentView
from tenants.services.tenants import own_tenant, patch_tenant


class TenantDetail(AgentView):
    """GET and PATCH /tenant."""

    @extend_schema(operation_id="get_tenant", responses={200: schemas.TENANT}, examples=[schemas.answered(schemas.TENANT_ROW)])
    def get(self, request: Request) -> Response:
        """Your tenant with its settings and limits, and who you are in it: identity, role and permissions."""
        own = own_tenant(actor=self.actor)
        return Response(wire.tenant_json(own.tenant, self.actor, own.permissions, own.limits))

    @extend_schema(
        operation_id="patch_tenant",
        request=body(wire.TENANT_PATCH),
        responses={200: schemas.TENANT},
        examples=[
            schemas.sent({"name": "Acme", "settings": {"owner_answers": ["question"], "keys_need_second_person": True}}),
            schemas.answered(schemas.TENANT_ROW),
        ],
    )
    def patch(self, request: Request) -> Response:
        """Change name and settings; settings that are not named stay as they are."""
        own = patch_tenant(actor=self.actor, request=wire.TenantPatch.parse(request.data))
        return Response(wire.tenant_json(own.tenant, self.actor, own.permissions, own.limits))

"""HTTP of members."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import wire
from tenants.api import schemas
from tenants.api.openapi import body, many
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.services.members import add_member, change_role, list_members, remove_member
from tenants.validation import path_id


class MemberList(AgentView):
    """GET and POST /tenant/members."""

    @extend_schema(
        operation_id="list_members",
        parameters=schemas.PAGES,
        responses={200: many(schemas.MEMBER)},
        examples=[schemas.answered([schemas.MEMBER_ROW])],
    )
    def get(self, request: Request) -> Response:
        """The tenant's members, by e-mail."""
        page = wire.Page.of_query(dict(request.query_params.lists()))
        rows = [wire.member_json(*person) for person in list_members(actor=self.actor, page=page)]
        return paginated(rows, limit=page.limit, offset=page.offset, has_more=False)

    @extend_schema(
        operation_id="add_member",
        request=body(wire.MEMBER_ADD),
        responses={200: schemas.MEMBER},
        examples=[
            schemas.sent({"email": "ann@example.com", "role": "reviewer", "name": "Ann"}),
            schemas.answered(schemas.MEMBER_ROW),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a person a member, with a role not above yours. Somebody new gets an account without a password, and no message."""
        wanted = wire.MemberAdd.parse(request.data)
        return Response(wire.member_json(*add_member(actor=self.actor, email=wanted.email, role=wanted.role, name=wanted.name)))


class MemberDetail(AgentView):
    """PATCH and DELETE /tenant/members/{user_id}."""

    @extend_schema(
        operation_id="patch_member",
        request=body(wire.MEMBER_PATCH),
        responses={200: schemas.MEMBER},
        examples=[schemas.sent({"role": "reviewer"}), schemas.answered(schemas.MEMBER_ROW)],
    )
    def patch(self, request: Request, user_id: str) -> Response:
        """Give a member another role; neither the old one nor the new one is above yours, and the last owner stays owner."""
        name, role = path_id(user_id, "user"), wire.role_of(request.data)
        return Response(wire.member_json(*change_role(actor=self.actor, user_id=name, role=role)))

    @extend_schema(operation_id="remove_member", responses={204: OpenApiResponse(description="No member any more.")})
    def delete(self, request: Request, user_id: str) -> Response:
        """End a membership. The person's account stays, and so do keys that they made: revoke those by themselves."""
        remove_member(actor=self.actor, user_id=path_id(user_id, "user"))
        return Response(status=204)

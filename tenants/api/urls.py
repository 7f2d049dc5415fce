"""Addresses of a tenant's own affairs."""

from django.urls import path

from tenants.api.api_keys import KeyDetail, KeyList, KeyRotation
from tenants.api.audit import AuditExport, AuditSearchView
from tenants.api.members import MemberDetail, MemberList
from tenants.api.tenant import TenantDetail

urlpatterns = [
    path("tenant", TenantDetail.as_view()),
    path("tenant/keys", KeyList.as_view()),
    path("tenant/keys/<str:key_id>", KeyDetail.as_view()),
    path("tenant/keys/<str:key_id>/rotate", KeyRotation.as_view()),
    path("tenant/members", MemberList.as_view()),
    path("tenant/members/<str:user_id>", MemberDetail.as_view()),
    path("tenant/audit/export", AuditExport.as_view()),
    path("tenant/audit/search", AuditSearchView.as_view()),
]

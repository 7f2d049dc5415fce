"""All addresses."""

from django.urls import include, path

urlpatterns = [path("", include("assistants.api.urls")), path("", include("runs.api.urls"))]

handler400 = "tenants.api.errors.bad_request"
handler404 = "tenants.api.errors.not_found"
handler500 = "tenants.api.errors.server_error"

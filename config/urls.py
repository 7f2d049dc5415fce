"""All addresses."""

from django.urls import include, path

urlpatterns = [path("", include("assistants.api.urls")), path("", include("runs.api.urls")), path("", include("tenants.api.urls"))]

handler400 = "tenants.api.errors.handler400"
handler403 = "tenants.api.errors.handler403"
handler404 = "tenants.api.errors.handler404"
handler500 = "tenants.api.errors.handler500"

"""HTTP of what operators measure, and who may: it tells the volume of all tenants."""

import hmac
import ipaddress
import time
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.metrics import metrics_json, metrics_text, process_metrics
from tenants.api.views import OpenView
from tenants.exceptions import Invalid, NotAllowed, NotAuthenticated
from tenants.models import Json

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Whoever sends one of these is a proxy that speaks for somebody else, or a page in a browser.
FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "origin"})
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORMAT = OpenApiParameter("format", str, enum=["prometheus", "json"], default="prometheus", description="Text for Prometheus, or JSON.")
TOKEN = OpenApiParameter(
    "Authorization", str, OpenApiParameter.HEADER, description="`Bearer` and the operator's token; not needed on the same machine."
)
AMOUNT: Json = {"type": ["number", "null"], "description": "Seconds."}
WHOLE: Json = {"type": "integer", "minimum": 0}
MAYBE: Json = {"type": ["integer", "null"]}
ANSWER = openapi.thing(
    queue=openapi.thing(
        n_pending=WHOLE,
        n_due=WHOLE,
        n_running=WHOLE,
        n_leases_expired=WHOLE,
        pending_runs_wait_time_max_secs=AMOUNT,
        pending_runs_wait_time_med_secs=AMOUNT,
        pending_unblocked_runs_wait_time_max_secs=AMOUNT,
    ),
    api=openapi.thing(
        http_requests_total=openapi.many(openapi.thing(method=openapi.TEXT, path=openapi.TEXT, status=WHOLE, count=WHOLE)),
        streams_open=WHOLE,
    ),
    workers=openapi.thing(max=MAYBE, active=MAYBE, available=MAYBE, processes=MAYBE, loop_lag_max_secs=AMOUNT),
)


class Metrics(OpenView):
    """GET /metrics."""

    @extend_schema(
        operation_id="metrics",
        parameters=[FORMAT, TOKEN],
        responses={(200, "text/plain"): openapi.TEXT, (200, "application/json"): ANSWER, 401: openapi.ERROR, 403: openapi.ERROR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Queue, workers and this process's requests. Open to clients on the same machine, else with the operator's token."""
        require_operator(request._request)
        form = request.query_params.get("format", "prometheus")
        if form == "json":
            return Response(metrics_json())
        if form == "prometheus":
            return HttpResponse(metrics_text(), content_type=CONTENT_TYPE_LATEST)
        raise Invalid("Invalid format: must be prometheus or json")


class CountRequests:
    """Counts answers by route and status. Preflights and what is refused unread come before it."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else None
        method = request.method if request.method in METHODS else "other"  # clients may invent as many as they like
        process_metrics().answered(method, "" if route is None else template(route), response.status_code, time.perf_counter() - began)
        return response


@lru_cache(maxsize=1024)
def template(route: str) -> str:
    """`/threads/{thread_id}` of Django's `threads/<str:thread_id>`."""
    parts = (f"{{{part.strip('<>').rpartition(':')[2]}}}" if part.startswith("<") else part for part in route.split("/"))
    return "/" + "/".join(parts)


def require_operator(request: HttpRequest) -> None:
    """Refuse whoever is neither on this machine nor sends the operator's token."""
    if is_local(request):
        return
    if not settings.METRICS_TOKEN:
        raise NotAllowed("Only clients on the same machine may read /metrics. Set HOLDFAST_METRICS_TOKEN to allow others with that token.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode()):
        raise NotAuthenticated("Send the operator's token: Authorization: Bearer <HOLDFAST_METRICS_TOKEN>.")


def is_local(request: HttpRequest) -> bool:
    """Whether the connection comes from this machine, for itself: a proxy or a browser here may speak for anybody."""
    names = [name.lower() for name in request.headers]
    if any(name in FORWARDED or name.startswith("x-forwarded") for name in names) or name_of_host(request) not in LOCAL_NAMES:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def name_of_host(request: HttpRequest) -> str:
    """The name by which the client addressed us, without its port."""
    host = str(request.META.get("HTTP_HOST", ""))
    return host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]

"""Django settings: the only reader of the environment."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext

django_stubs_ext.monkeypatch()
os.environ["LANGGRAPH_STRICT_MSGPACK"] = (
    "true"  # read by LangGraph when it is imported: no class of a checkpoint row is built unless allowed
)

BASE_DIR = Path(__file__).resolve().parent.parent


def text(name: str, default: str) -> str:
    """A setting that is unset or empty has its default."""
    return os.environ.get(name, "") or default


def number(name: str, default: int) -> int:
    """A whole number. Raises ValueError naming the setting."""
    value = text(name, str(default))
    if not value.lstrip("-").isdigit():
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return int(value)


def listed(name: str, default: str) -> list[str]:
    """A comma separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(url: str) -> dict[str, object]:
    """Django's settings of a postgresql:// URL."""
    parts = urlsplit(url)
    return {
        "ENGINE": "tenants.database.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


PROCESS = text("HOLDFAST_PROCESS", "manage")
DEBUG = text("HOLDFAST_DEBUG", "false").lower() == "true"
DATA_DIR = Path(text("HOLDFAST_DATA_DIR", str(BASE_DIR / ".holdfast")))
SECRET_KEY = text("HOLDFAST_SECRET_KEY", "")
METRICS_TOKEN = text("HOLDFAST_METRICS_TOKEN", "")
SEED_KEY = text("HOLDFAST_SEED_KEY", "")
ALLOWED_HOSTS = listed("HOLDFAST_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
GRAPHS_FILE = Path(text("HOLDFAST_CONFIG", str(BASE_DIR / "examples" / "langgraph.json")))

DATABASE_ADMIN_URL = text("DATABASE_URL", "")
DATABASE_URLS = {role: text(f"HOLDFAST_DB_{role.upper()}", "") for role in ("owner", "app", "worker", "system")}
WORKER_DATABASE_URL = DATABASE_URLS["worker"]
_aliases = {"default": "worker" if PROCESS in ("worker", "sweeps") else "app"}
if PROCESS == "manage":
    _aliases["owner"] = "owner"
if PROCESS in ("sweeps", "manage"):
    _aliases["system"] = "system"
DATABASES = {alias: database(DATABASE_URLS[role]) for alias, role in _aliases.items()}
DATABASE_ROUTERS = ["tenants.database.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = text("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_TIMEOUT_SECONDS = 0.3

RUN_SLOTS = number("HOLDFAST_RUN_SLOTS", 100)
LEASE_SECONDS = number("HOLDFAST_LEASE_SECONDS", 15)
RUN_TIMEOUT_SECONDS = number("HOLDFAST_RUN_TIMEOUT_SECONDS", 3600)
DRAIN_SECONDS = number("HOLDFAST_DRAIN_SECONDS", 60)
THREAD_QUEUE_LIMIT = number("HOLDFAST_THREAD_QUEUE_LIMIT", 100)
EVENT_RETENTION_HOURS = number("HOLDFAST_EVENT_RETENTION_HOURS", 24)
WEB_THREADS = number("HOLDFAST_WEB_THREADS", 16)
WORKER_CONNECTIONS = number("HOLDFAST_WORKER_CONNECTIONS", 8)
HEARTBEAT_SECONDS = 5
KEY_CACHE_SECONDS = 1.0

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "django_htmx",
    "tenants",
    "assistants",
    "runs",
]
AUTH_USER_MODEL = "tenants.User"
MIDDLEWARE = [
    "tenants.api.middleware.RequestIds",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "runs.api.metrics.CountRequests",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"], "OPTIONS": {"context_processors": []}}
]

DATA_UPLOAD_MAX_MEMORY_SIZE = number("HOLDFAST_BODY_LIMIT", 10 * 1024 * 1024)
JSON_DEPTH_LIMIT = 64
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

CORS_ORIGINS = listed("HOLDFAST_CORS_ORIGINS", "*")
CORS_ALLOW_ALL_ORIGINS = CORS_ORIGINS == ["*"]
CORS_ALLOWED_ORIGINS = [] if CORS_ALLOW_ALL_ORIGINS else CORS_ORIGINS
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
# "*" stands for all but `authorization`, where no credentials travel: clients may send headers of their own.
CORS_ALLOW_HEADERS = [
    "*",
    "accept",
    "authorization",
    "cache-control",
    "content-type",
    "last-event-id",
    "prefer",
    "x-api-key",
    "x-auth-scheme",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["x-pagination-total", "x-pagination-next", "content-location", "location"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.bodies.OrjsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["tenants.api.bodies.OrjsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Holdfast",
    "DESCRIPTION": "The multi-tenant control plane for LangGraph agents. Send your key as `X-Api-Key`.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": ["tenants.api.openapi.complete", "runs.api.examples.illustrate"],
}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}}

CELERY_BROKER_URL = REDIS_URL
SILENCED_SYSTEM_CHECKS: list[str] = []
LOG_LEVEL = text("HOLDFAST_LOG_LEVEL", "INFO")
LOGGING_CONFIG = "config.logging.configure"
LOGGING = {"level": LOG_LEVEL}

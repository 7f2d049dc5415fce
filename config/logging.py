"""Structured logs: one JSON object per line, with ids, never with keys, inputs or outputs."""

import json
import logging
import re
import sys
import time
from typing import Any

from tenants.api.middleware import request_id
from tenants.database.context import current_tenant

KEY_PATTERN = re.compile(r"holdfast_[0-9A-Za-z]{8,}")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request", "color_message"}
QUIET = {
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
    "django.request": "ERROR",
    "httpx": "WARNING",
}


def mask(text: str) -> str:
    """Hide API keys."""
    return KEY_PATTERN.sub("holdfast_***", text)


class JsonLines(logging.Formatter):
    """Time, level, logger, message, and whatever the call gave as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: str(value) for name, value in (("request_id", request_id.get()), ("tenant_id", current_tenant.get())) if value}
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return mask(json.dumps(line, default=str, separators=(",", ":")))  # unlike orjson it takes lone surrogates and integers of any size


def configure(settings: dict[str, Any]) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=settings["level"], handlers=[handler], force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)

"""Documents say what the code does: every setting, every endpoint"""

import re

from tests.architecture.sources import APPS, ROOT, python_files
from tests.endpoints import endpoints

SETTING = re.compile(r"\b(?:HOLDFAST_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL)\b")
DATABASES = {f"HOLDFAST_DB_{role}" for role in ("OWNER", "APP", "WORKER", "SYSTEM")}


def settings_read() -> set[str]:
    """Names of environment variables that the settings read."""
    return set(SETTING.findall((ROOT / "config" / "settings.py").read_text())) | DATABASES


def named_in(document: str) -> set[str]:
    """Settings that a document names."""
    return set(SETTING.findall((ROOT / document).read_text()))


def test_every_setting_is_documented() -> None:
    assert settings_read() - named_in("docs/settings.md") == set()


def test_every_setting_has_an_example() -> None:
    assert settings_read() - named_in(".env.example") == set()


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    launcher = {found for file in python_files(*APPS) for found in SETTING.findall(file.read_text())}
    for document in ("docs/settings.md", ".env.example"):
        assert named_in(document) - settings_read() - launcher == set()


def test_every_endpoint_is_documented() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    missing = [
        f"{method} {path}" for method, path in endpoints() if not re.search(rf"{method}\b[^\n]*`?{re.escape(path)}(?![\w/{{])", text)
    ]
    assert missing == []

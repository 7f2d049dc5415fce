"""docker-compose.yml, Dockerfile and .env.example: what they name exists."""

import importlib.util
import re
import shlex
from typing import Any

import pytest
import yaml

from config.embedded.environment import CHECKOUT

# The only names that are the images' own, not ours.
FOREIGN = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "REDISCLI_AUTH"}
PROCESSES = {"migrate": "manage", "web": "web", "worker": "worker", "beat": "sweeps"}
NAME = re.compile(r"\b(?:HOLDFAST_[A-Z_]*[A-Z]|PORT|DATABASE_URL|REDIS_URL)\b")


def text(name: str) -> str:
    return (CHECKOUT / name).read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    parsed: dict[str, dict[str, Any]] = yaml.safe_load(text("docker-compose.yml"))["services"]
    return parsed


def known_names() -> set[str]:
    """The names that settings read; the roles' URLs are read by role."""
    return set(NAME.findall(text("config/settings.py"))) | {f"HOLDFAST_DB_{role}" for role in ("OWNER", "APP", "WORKER", "SYSTEM")}


def example() -> dict[str, str]:
    return dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text(".env.example"), re.MULTILINE))


def command(services: dict[str, dict[str, Any]], name: str) -> list[str]:
    """What a service runs, the image's own command when it names none, without the shell around it."""
    found: list[str] = services[name].get("command") or yaml.safe_load(text("Dockerfile").rpartition("\nCMD ")[2])
    return shlex.split(found[2].removeprefix("exec ")) if found[0] == "sh" else found


def test_every_process_of_the_design_is_a_service_of_one_image(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"postgres", "redis", *PROCESSES}
    assert {services[name]["image"] for name in PROCESSES} == {"holdfast:local"}
    assert {name: services[name]["environment"]["HOLDFAST_PROCESS"] for name in PROCESSES} == PROCESSES


def test_the_database_has_vectors_and_is_new_enough(services: dict[str, dict[str, Any]]) -> None:
    found = re.fullmatch(r"pgvector/pgvector:pg(\d+)", services["postgres"]["image"])
    assert found is not None
    assert int(found[1]) >= 17


@pytest.mark.parametrize("name", PROCESSES)
def test_its_command_exists(services: dict[str, dict[str, Any]], name: str) -> None:
    words = command(services, name)
    if words[0] == "celery":
        words = ["python", "-m", *words]
    assert words[0] == "python"
    if words[1] == "-m":
        assert importlib.util.find_spec(words[2]) is not None
    else:
        assert (CHECKOUT / words[1]).is_file()


def test_commands_name_modules_and_management_commands_of_ours(services: dict[str, dict[str, Any]]) -> None:
    assert (CHECKOUT / "config" / "asgi.py").is_file()
    assert (CHECKOUT / "config" / "celery.py").is_file()
    assert command(services, "migrate")[1:] == ["manage.py", "setup"]
    assert list(CHECKOUT.glob("*/management/commands/setup.py"))


def test_queues_are_those_of_make_up(services: dict[str, dict[str, Any]]) -> None:
    for name, queue in (("worker", "runs"), ("beat", "sweeps")):
        words = command(services, name)
        assert words[words.index("-Q") + 1] == queue
        assert words[words.index("--pool") + 1] == "threads"
    assert "-B" in command(services, "beat")
    assert "-B" not in command(services, "worker")


def test_every_environment_name_is_known_to_settings(services: dict[str, dict[str, Any]]) -> None:
    inside = {name for service in services.values() for name in service.get("environment", {})}
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text("docker-compose.yml")))
    image = set(re.findall(r"^ENV (?:.*\\\n)*.*", text("Dockerfile"), re.MULTILINE))
    named = set(NAME.findall(" ".join(image)))
    assert inside | asked | named <= known_names() | FOREIGN


def test_the_example_has_every_name_and_no_others() -> None:
    assert known_names() - set(example()) == set()
    assert set(example()) - known_names() - FOREIGN == set()


def test_the_example_answers_everything_that_compose_requires() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text("docker-compose.yml")))
    assert {name for name in required if not example()[name]} == set()


def test_every_choice_of_the_example_reaches_every_process(services: dict[str, dict[str, Any]]) -> None:
    set_by_compose = {"PORT", "HOLDFAST_DATA_DIR", "HOLDFAST_PROCESS", "HOLDFAST_SEED_KEY", "DATABASE_URL"}
    choices = {name for name in example() if not name.startswith("HOLDFAST_DB_")} - set_by_compose - FOREIGN
    for name in PROCESSES:
        assert choices <= set(services[name]["environment"])


def test_only_those_who_need_a_database_role_have_it(services: dict[str, dict[str, Any]]) -> None:
    roles = {
        name: {key.removeprefix("HOLDFAST_DB_") for key in service["environment"] if key.startswith("HOLDFAST_DB_")}
        for name, service in services.items()
        if name in PROCESSES
    }
    assert roles == {"migrate": {"OWNER", "APP", "WORKER", "SYSTEM"}, "web": {"APP"}, "worker": {"WORKER"}, "beat": {"WORKER", "SYSTEM"}}
    assert [name for name, service in services.items() if "DATABASE_URL" in service["environment"]] == ["migrate"]


def test_everything_that_stays_up_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}
    assert "/ready" in str(services["web"]["healthcheck"])


def test_nothing_starts_before_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name in ("web", "worker", "beat"):
        conditions = {needed: how["condition"] for needed, how in services[name]["depends_on"].items()}
        assert conditions == {"postgres": "service_healthy", "redis": "service_healthy", "migrate": "service_completed_successfully"}


def test_a_worker_has_time_to_drain(services: dict[str, dict[str, Any]]) -> None:
    assert services["worker"]["stop_grace_period"] == "75s"


def test_nothing_but_the_web_process_is_published_and_that_on_loopback(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${PORT:-2024}:2024"]}


def test_the_image_runs_as_nobody_in_particular_with_the_locked_packages() -> None:
    dockerfile = text("Dockerfile")
    assert re.search(r"^USER (?!root)\w+$", dockerfile, re.MULTILINE)
    assert "uv sync --frozen" in dockerfile
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE)
    assert all((CHECKOUT / name).exists() for line in copied for name in line.split())


def test_the_image_holds_every_package_of_ours() -> None:
    kept = set(re.findall(r"^!(\w+)/$", text(".dockerignore"), re.MULTILINE))
    assert {"config", "tenants", "assistants", "runs", "templates", "examples"} <= kept


def test_secrets_never_reach_image_or_repository() -> None:
    assert text(".dockerignore").startswith("*\n")
    assert ".env" in text(".gitignore").split()

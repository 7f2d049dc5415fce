"""Reading langgraph.json."""

import os
from pathlib import Path

import pytest

from assistants.registry.manifest import Manifest, ManifestError
from assistants.registry.store_section import IndexSection, StoreSection, TtlSection


def written(folder: Path, text: str) -> Path:
    path = folder / "langgraph.json"
    path.write_text(text)
    return path


def test_a_graph_is_a_path_and_a_variable(tmp_path: Path) -> None:
    manifest = Manifest.read(written(tmp_path, '{"graphs": {"a": "./agent.py:graph"}, "http": {"index": {}}}'))
    assert (manifest.graphs["a"].target, manifest.graphs["a"].variable, manifest.graphs["a"].description) == ("./agent.py", "graph", None)


def test_a_graph_may_have_a_description(tmp_path: Path) -> None:
    manifest = Manifest.read(written(tmp_path, '{"graphs": {"a": {"path": "pkg.agent:make", "description": "Talks"}}}'))
    assert manifest.graphs["a"].description == "Talks"
    assert not manifest.graphs["a"].is_file


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "needs 'graphs'"),
        ('{"graphs": {}}', "needs 'graphs'"),
        ('{"graphs": {"a": "agent.py"}}', "must name a file or module and a variable"),
        ('{"graphs": {"a": 5}}', "must be 'path:variable'"),
        ('{"graphs": {"a": "a.py:g"}, "dependencies": "."}', "'dependencies' must be a list"),
        ('{"graphs": {"a": "a.py:g"}, "env": 5}', "'env' must be"),
        ('{"graphs": {"a": "a.py:g"}, "env": ".nowhere"}', "cannot be read"),
        ('{"graphs": {"a": "a.py:g"}, "store": 5}', "'store' must be an object"),
        ('{"graphs": {"a": "a.py:g"}, "store": {"index": {"dims": 3}}}', "store.index.embed must be"),
        ('{"graphs": {"a": "a.py:g"}, "store": {"index": {"embed": "a.py:f", "dims": "3"}}}', "store.index.dims must be"),
        ('{"graphs": {"a": "a.py:g"}, "store": {"index": {"embed": "a.py:f", "dims": 3, "fields": 5}}}', "store.index.fields must be"),
        (
            '{"graphs": {"a": "a.py:g"}, "store": {"index": {"embed": "a.py:f", "dims": 3, "fields": ["' + "x" * 257 + '"]}}}',
            "at most 32 paths of 256 bytes",
        ),
        ('{"graphs": {"a": "a.py:g"}, "store": {"ttl": {"default_ttl": 0}}}', "store.ttl.default_ttl must be"),
        ('{"graphs": {"a": "a.py:g"}, "store": {"ttl": {"sweep_interval_minutes": "5"}}}', "store.ttl.sweep_interval_minutes must be"),
        ('{"graphs": {"a": "a.py:g"}, "store": {"ttl": {"refresh_on_read": 1}}}', "store.ttl.refresh_on_read must be"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        Manifest.read(written(tmp_path, text))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        Manifest.read(tmp_path / "langgraph.json")


def test_env_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# settings\nA=1\nexport B = \"two words\" # said\nC='x#y'\nD=plain # comment\nnonsense\n")
    manifest = Manifest.read(written(tmp_path, '{"graphs": {"a": "a.py:g"}, "env": ".env"}'))
    assert manifest.env == {"A": "1", "B": "two words", "C": "x#y", "D": "plain"}


def test_the_environment_wins_over_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_BEFORE", "kept")
    monkeypatch.setenv("SET_NOW", "")
    monkeypatch.delenv("SET_NOW")
    Manifest.read(written(tmp_path, '{"graphs": {"a": "a.py:g"}, "env": {"SET_BEFORE": "new", "SET_NOW": 5}}')).set_environment()
    assert (os.environ["SET_BEFORE"], os.environ["SET_NOW"]) == ("kept", "5")


def test_dependencies_are_folders_or_installed_packages(tmp_path: Path) -> None:
    (tmp_path / "lib" / "src").mkdir(parents=True)
    names = '[".", "./lib", "langgraph>=1", "no-such-package[extra]", "./gone"]'
    manifest = Manifest.read(written(tmp_path, f'{{"graphs": {{"a": "a.py:g"}}, "dependencies": {names}}}'))
    assert manifest.folders() == [tmp_path, tmp_path / "lib", tmp_path / "lib" / "src"]
    assert manifest.missing() == ["no-such-package[extra]", "./gone"]


def test_the_store_of_a_manifest(tmp_path: Path) -> None:
    index = '{"embed": "./embed.py:embed", "dims": 26, "fields": ["text"]}'
    text = f'{{"graphs": {{"a": "a.py:g"}}, "store": {{"index": {index}, "ttl": {{"default_ttl": 60, "refresh_on_read": false}}}}}}'
    store = Manifest.read(written(tmp_path, text)).store
    assert store.index == IndexSection("./embed.py:embed", 26, ("text",))
    assert store.ttl == TtlSection(60, False, 5.0)
    assert Manifest.read(written(tmp_path, '{"graphs": {"a": "a.py:g"}}')).store == StoreSection()

"""Where the record of a notebook lies, and that no step can touch it."""

from pathlib import Path

import pytest

from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.shell.place import record_path
from caveagent_magic.shell.record import Record


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No notebook is known, and the user's data are elsewhere."""
    for name in ("JPY_SESSION_NAME", "CAVEAGENT_RECORD", "CAVEAGENT_RECORD_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def record(**namespace):
    return Record(dict, namespace, str)


@pytest.mark.parametrize("named", ["work/a", "work/a.ipynb", "work/a.cave.jsonl"])
def test_the_record_lies_beside_the_notebook_that_is_named(named):
    assert record_path(named, {}) == Path.cwd() / "work" / "a.cave.jsonl"


def test_jupyter_and_vs_code_tell_the_notebook(monkeypatch, tmp_path):
    told = record_path("", {"__vsc_ipynb_file__": str(tmp_path / "code.ipynb")})
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lab.ipynb"))

    assert (told, record_path("", {})) == (tmp_path / "code.cave.jsonl", tmp_path / "lab.cave.jsonl")


@pytest.mark.parametrize("session", ["console-1", "/nowhere/at/all/a.ipynb", ""])
def test_what_is_no_notebook_here_has_no_record(monkeypatch, session):
    monkeypatch.setenv("JPY_SESSION_NAME", session)

    assert record_path("", {}) is None


def test_recording_can_be_switched_off(monkeypatch, tmp_path):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "lab.ipynb"))
    monkeypatch.setenv("CAVEAGENT_RECORD", "off")

    assert (record().journal(), record().is_off) == (None, True)


def test_a_relative_name_keeps_its_folder_when_the_kernel_goes_elsewhere(monkeypatch, tmp_path):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAVEAGENT_RECORD", "a.ipynb")
    opened = record()
    before = opened.journal()
    monkeypatch.chdir(tmp_path / "other")

    assert opened.journal() == before


def test_no_step_reads_the_key_or_changes_what_is_recorded(monkeypatch, tmp_path):
    monkeypatch.setenv("CAVEAGENT_RECORD", str(tmp_path / "a.ipynb"))
    layers = (*Policy.load().layers, record().protected())
    policy = Policy(layers)
    key, lines = tmp_path / "data" / "caveagent_magic" / "record.key", tmp_path / "a.cave.jsonl"

    uses = [("read_file", key), ("write_file", key), ("delete_file", key)]
    uses += [("write_file", lines), ("delete_file", lines)]
    assert [policy.decide(capability, str(path)) for capability, path in uses] == ["deny"] * 5

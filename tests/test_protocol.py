"""The protocol: every event has an example that Python and TypeScript both read."""

import importlib.util
import json
from pathlib import Path

import pytest

from caveagent_magic import __version__
from caveagent_magic.events import BY_TYPE, from_json, to_json

ROOT = Path(__file__).parents[1]
FRONT_END = ROOT / "labextension"
EXAMPLES = ROOT / "tests" / "examples" / "events"


def load(name):
    """A script of the front end as a module."""
    spec = importlib.util.spec_from_file_location(name, FRONT_END / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(name):
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def test_every_event_has_one_example():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(BY_TYPE)


@pytest.mark.parametrize("name", BY_TYPE)
def test_an_example_is_read_and_written_back_unchanged(name):
    data = example(name)

    assert json.loads(json.dumps(to_json(from_json(data)))) == data


@pytest.mark.parametrize("name", BY_TYPE)
def test_an_example_without_one_of_its_required_fields_is_refused(name):
    data = example(name)
    del data["step"]

    with pytest.raises(ValueError, match="step"):
        from_json(data)


def test_an_unknown_event_is_refused_with_the_names_of_those_that_exist():
    with pytest.raises(ValueError, match=r"no event is called 'dreamt'; there are turn_started, progress"):
        from_json({"type": "dreamt", "turn": "1", "step": 0})


def test_the_typescript_types_are_those_of_the_events(capsys):
    assert (load("protocol").main(["--check"]), capsys.readouterr().out) == (0, "")


def test_drift_of_the_typescript_types_is_one_clear_sentence(tmp_path, capsys):
    target = tmp_path / "protocol.ts"
    target.write_text("export const VERSION = 0;\n")

    status = load("protocol").main(["--check"], target)

    assert (status, capsys.readouterr().out) == (
        1,
        f"{target} does not match caveagent_magic/events.py: run `python labextension/protocol.py`.\n",
    )


def test_types_of_the_protocol_become_typescript():
    source = '''
Colour = Literal["red", "blue"]

class Event:
    """Base."""
    step: int

class Painted(Event):
    """Something was
    painted."""
    colours: tuple[Colour, ...]
    price: float | None  # None: not known

class Hidden:
    """Not part of any event."""
    name: str

EVENTS: tuple[type[Event], ...] = (Painted,)
'''
    protocol = load("protocol")
    protocol._tag = str.lower

    assert (
        protocol.generate(source).removeprefix(protocol.HEAD)
        == """
export type Colour = "red" | "blue";

/** Something was painted. */
export interface Painted {
  readonly type: "painted";
  readonly step: number;
  readonly colours: readonly Colour[];
  /** null: not known */
  readonly price: number | null;
}

/** Everything that can happen in a turn. */
export type CaveEvent =
  | Painted;
"""
    )


def test_the_front_end_and_the_package_have_one_version():
    assert json.loads((FRONT_END / "package.json").read_text())["version"] == __version__
    assert json.loads((FRONT_END / "package-lock.json").read_text())["version"] == __version__


def test_the_built_front_end_is_that_of_the_sources():
    assert load("assets").complaint() == ""


def test_a_changed_source_makes_the_built_front_end_too_old(tmp_path):
    assets = load("assets")
    for name in assets.FILES:
        (tmp_path / name).write_text("{}")
    (tmp_path / "src").mkdir()
    stored = tmp_path / "SOURCE_HASH"
    stored.write_text(assets.source_hash(tmp_path))
    fresh = assets.complaint(tmp_path, stored)

    (tmp_path / "src" / "new.ts").write_text("export {};")

    assert (fresh, assets.complaint(tmp_path, stored)) == (
        "",
        "The front-end assets are older than their sources: run `make assets` and commit the result.",
    )


def test_the_built_panel_and_extension_stay_small():
    package = ROOT / "caveagent_magic"
    panel = sum(path.stat().st_size for path in (package / "static").glob("panel.*"))
    extension = sum(path.stat().st_size for path in (package / "labextension").rglob("*") if path.is_file())

    assert panel < 80_000
    assert extension < 250_000
    assert not list(package.rglob("*.map"))

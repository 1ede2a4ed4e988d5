"""The corpus: attacks are never allowed, ordinary analysis is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path

FILE = Path(__file__).with_name("figures.py")
SPEC = importlib.util.spec_from_file_location("security_figures", FILE)
assert SPEC is not None and SPEC.loader is not None
figures = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = figures
SPEC.loader.exec_module(figures)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    attacks, benign = list(figures.cases("attacks")), list(figures.cases("benign"))

    assert len(attacks) >= 500
    assert len({case.group for case in attacks}) >= 20
    assert len(benign) >= 500


def test_hardly_an_attack_is_allowed_by_reading_and_none_runs_to_its_effect() -> None:
    slipped = figures.missed()

    assert len(slipped) <= 0.03 * len(list(figures.cases("attacks"))), slipped
    assert [figure.case.name for figure in figures.measured(slipped) if not figure.stopped] == []


def test_the_guard_alone_holds_what_writes_starts_or_connects_through_python() -> None:
    groups = ("aliasing", "dynamic_import", "file_writes", "multi_turn", "network", "process", "unicode")
    chosen = [case for case in figures.cases("attacks") if case.group in groups]

    found = figures.measured(chosen)

    assert sum(figure.seen for figure in found) >= 0.8 * len(found)
    assert [figure.case.name for figure in found if figure.through] == []


def test_hardly_an_attack_of_any_kind_is_allowed_by_reading() -> None:
    kinds = Counter(case.group for case in figures.cases("attacks"))
    slipped = Counter(case.group for case in figures.missed())

    assert {kind: n for kind, n in slipped.items() if n > 0.1 * kinds[kind]} == {}


def test_attacks_split_over_steps_are_seen_without_any_source() -> None:
    with_source = {case.name for case in figures.missed()}

    assert {case.name for case in figures.missed(with_source=False)} <= with_source


def test_ordinary_analysis_is_allowed() -> None:
    run = subprocess.run([sys.executable, FILE, "asked"], capture_output=True, text=True, check=True)
    questions = run.stdout.splitlines()

    assert len(questions) <= 0.01 * len(list(figures.cases("benign"))), questions

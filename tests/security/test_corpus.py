"""The corpus: attacks are never allowed, ordinary analysis is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

FILE = Path(__file__).with_name("figures.py")
SPEC = importlib.util.spec_from_file_location("security_figures", FILE)
assert SPEC is not None and SPEC.loader is not None
figures = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = figures
SPEC.loader.exec_module(figures)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    attacks, benign = list(figures.cases("attacks")), list(figures.cases("benign"))

    assert len(attacks) >= 250
    assert len({case.group for case in attacks}) >= 20
    assert len(benign) >= 150


def test_hardly_an_attack_is_allowed_by_reading_and_none_runs_to_its_effect() -> None:
    slipped = figures.missed()

    assert len(slipped) <= 0.03 * len(list(figures.cases("attacks"))), slipped
    assert [case.name for case in slipped if not figures.stopped_by_guard(case)] == []


def test_attacks_split_over_steps_are_seen_without_any_source() -> None:
    slipped = [case.name for case in figures.missed(with_source=False)]

    assert slipped == []


def test_ordinary_analysis_is_allowed() -> None:
    questions = figures.asked()

    assert len(questions) <= 0.01 * len(list(figures.cases("benign"))), questions

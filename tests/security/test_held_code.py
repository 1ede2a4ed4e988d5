"""What live objects run or use though nobody names it: callbacks, finalizers, settings, mapped memory."""

from __future__ import annotations

import shutil
import sqlite3
import weakref
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from statsmodels.tools.web import webdoc

from caveagent_magic.security.judge import judge
from caveagent_magic.security.objects import native
from caveagent_magic.security.policies.policy import Policy

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 3.0]})


class Kept:
    """Something that a finalizer can be put on."""


def codes(source: str, **names: object) -> set[str]:
    return {
        finding.code for finding in judge(source, {"df": FRAME, "plt": plt, **names}, Policy.load()).findings
    }


def test_pyplot_acts_on_the_open_figures_and_their_callbacks() -> None:
    figure, axes = plt.subplots()
    quiet = codes("plt.xlim(0, 1)")
    axes.callbacks.connect("xlim_changed", FRAME.to_json)

    assert codes("plt.xlim(0, 1)") - quiet == {"CAVE111"}
    assert quiet == set()
    plt.close(figure)


def test_a_name_with_a_finalizer_may_be_used_but_is_not_let_go_unasked() -> None:
    kept = Kept()
    ended = weakref.finalize(kept, shutil.rmtree, "nowhere", True)

    assert "CAVE121" not in codes("print(kept)", kept=kept)
    assert "CAVE121" in codes("del kept", kept=kept) & codes("kept = 1", kept=kept)
    ended.detach()


def test_a_frame_or_a_figure_is_let_go_without_a_question() -> None:
    figure, axes = plt.subplots()

    assert (
        codes("df = df.dropna()\nfigure, axes = plt.subplots()\ndel axes", figure=figure, axes=axes) == set()
    )
    plt.close(figure)


def test_what_an_estimator_was_set_up_with_counts_when_it_is_used() -> None:
    writes, plain = make_pipeline(LinearRegression(), memory="cache"), make_pipeline(LinearRegression())

    assert codes("model.fit(df[['a']], df['b'])", model=writes) == {"CAVE113"}
    assert codes("model.get_params()", model=writes) == set()
    assert codes("model.fit(df[['a']], df['b'])", model=plain) == set()


def test_only_arrays_that_can_change_a_file_are_files(tmp_path: Path) -> None:
    writable = np.memmap(tmp_path / "a", dtype="u1", mode="w+", shape=(4,))
    readable = np.memmap(tmp_path / "a", dtype="u1", mode="r")

    assert codes("x[0] = 1", x=np.asarray(writable)) == {"CAVE111"}
    assert codes("x.mean() + x[1]", x=np.asarray(writable)) == set()
    assert codes("df['c'] = x[:2]\nprint(x)", x=readable) == set()


def test_a_function_of_a_library_is_known_by_what_it_reaches() -> None:
    assert codes("webdoc('mean')", webdoc=webdoc) == {"CAVE301"}


def test_a_function_that_only_a_connection_holds_counts_where_that_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "LONGEST", 9.0)  # other tests leave many objects behind
    con = sqlite3.connect(":memory:")
    plain = codes("con.execute('select lower(1)')", con=con)
    con.create_function("lower", 1, lambda value: Path("a").write_text(str(value)))

    assert plain == set()
    assert codes("con.execute('select lower(1)')", con=con) == {"CAVE111"}
    con.close()


def test_an_object_in_a_cell_is_one_of_those_whose_methods_may_be_called() -> None:
    class Kept:
        def mean(self) -> None:
            Path("a").write_text("b")

    cells = pd.DataFrame({"a": pd.Series([1, Kept()], dtype=object)})

    assert codes("cells['a'].iloc[1].mean()", cells=cells) == {"CAVE111"}

"""A step that asks for more memory than there is fails, and neither the kernel nor its limits suffer."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

import pytest

from caveagent_magic.security import ceiling
from tests.security.steps import Step


def limit() -> tuple[int, int]:
    return resource.getrlimit(resource.RLIMIT_DATA)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nkept = []\nwhile True:\n    kept.append(np.zeros(1 << 27))",
        "kept = []\nwhile True:\n    kept.append(bytearray(1 << 30))",
        "kept = bytearray(1 << 30)\nwhile True:\n    kept = kept + kept",
    ],
)
def test_endless_growth_ends_in_an_error_of_the_step(
    step: Step, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(str(6 << 30))
    (tmp_path / "memory.current").write_text(str(2 << 30))
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 1000\n")
    monkeypatch.setattr(ceiling, "_ROOT", str(tmp_path))
    before = limit()

    step.run(source)

    assert isinstance(step.raised, MemoryError)
    assert limit() == before
    kept = step.locals["kept"]
    assert len(kept) <= 4 if isinstance(kept, list) else len(kept) <= 4 << 30


@pytest.fixture
def step() -> Step:
    return Step()


def test_ordinary_work_goes_on_below_the_ceiling(step: Step) -> None:
    step.run("import numpy as np\ntotal = float(np.ones(10_000_000).sum())")

    assert (step.raised, step.locals["total"]) == (None, 1e7)


def test_the_limit_is_that_of_before_in_whatever_order_guards_end() -> None:
    before = limit()
    first, second = ceiling.memory_ceiling(), ceiling.memory_ceiling()
    first.__enter__()
    second.__enter__()
    assert limit()[0] != before[0]

    threads = [threading.Thread(target=each.__exit__, args=(None, None, None)) for each in (first, second)]
    for thread in threads:
        thread.start()
        thread.join()

    assert limit() == before


def test_a_limit_that_is_lower_stays() -> None:
    _, hard = limit()
    low = 3 << 30
    resource.setrlimit(resource.RLIMIT_DATA, (low, hard))
    try:
        with ceiling.memory_ceiling():
            assert limit()[0] <= low
        assert limit()[0] == low
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))

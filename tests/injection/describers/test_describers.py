"""Each kind of object finds its describer, which is loaded for the first object of its library."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from caveagent_magic.injection import describers

FILES = sorted(path.stem for path in Path(describers.__file__).parent.glob("[a-z]*.py"))
KINDS = {file: getattr(import_module(f"{describers.__name__}.{file}"), "DESCRIBERS", {}) for file in FILES}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in KINDS[file]])
def test_a_class_is_described_by_the_file_that_names_it(file: str, name: str) -> None:
    assert describers.describer(name) is KINDS[file][name]


def test_no_describer_of_a_library_is_loaded_before_there_is_an_object_of_it() -> None:
    code = (
        "import sys\n"
        "import caveagent_magic.injection.card as card\n"
        "from caveagent_magic.injection import describers\n"
        "card.summary([1, 2])\n"
        "files = {f'{describers.__name__}.{file}' for file in describers.LIBRARIES.values()}\n"
        "assert not files & set(sys.modules), files & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

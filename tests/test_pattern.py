"""Regular expressions that are compiled late find what compiled ones find."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from caveagent_magic.pattern import pattern


@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.IGNORECASE | re.MULTILINE])
def test_it_finds_what_a_compiled_one_finds(flags: int) -> None:
    text, late, compiled = "One two\none 3", pattern(r"^(one) ", flags), re.compile(r"^(one) ", flags)

    for _ in range(2):  # also once it is compiled
        assert late.findall(text) == compiled.findall(text)
        assert late.sub(r"[\1]", text) == compiled.sub(r"[\1]", text)
        assert late.fullmatch(text) is None
        assert late.pattern == compiled.pattern


def test_a_pattern_that_is_none_says_so_when_it_is_used() -> None:
    with pytest.raises(re.error, match="unterminated"):
        pattern("[").search("text")


def test_none_is_compiled_for_a_package_that_only_loads() -> None:
    code = (
        "import re\n"
        "from caveagent_magic import pattern\n"
        "pattern._compile = lambda text, flags: 1 / 0\n"
        "import caveagent_magic.shell.drive\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

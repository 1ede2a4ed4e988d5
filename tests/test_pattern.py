"""Regular expressions that are compiled late find what compiled ones find."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from importlib import import_module

import pytest

from caveagent_magic import security
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


def test_every_pattern_of_the_rules_can_be_compiled() -> None:
    modules = [each.name for each in pkgutil.walk_packages(security.__path__, f"{security.__name__}.")]
    kind = type(pattern(""))
    late = [each for name in modules for each in vars(import_module(name)).values() if type(each) is kind]

    assert len(late) > 50
    assert [each.groups for each in late] == [re.compile(each.pattern, each.flags).groups for each in late]

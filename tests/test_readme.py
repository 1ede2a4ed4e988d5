"""What the README shows exists, and its examples hold."""

import re
import tomllib
from pathlib import Path

import pytest

from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security.policies.clauses import read
from caveagent_magic.shell.commands import COMMANDS
from caveagent_magic.shell.magic import CaveMagics, options_of
from caveagent_magic.shell.privacy import PICTURES, QUERY

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", README)


def test_every_block_is_of_a_kind_that_is_checked_here():
    assert {kind for kind, _ in BLOCKS} == {"", "bash", "python", "toml"}


def test_the_example_of_check_and_guard_says_what_the_readme_says(capsys):
    [example] = [text for kind, text in BLOCKS if kind == "python"]
    compiled = compile(example, "<ipython-input-1>", "exec")

    exec(compiled, {"__name__": "__main__"})

    asked, refused = capsys.readouterr().out.splitlines()
    assert f"# {asked}" in example
    assert "would write '/var/tmp/out.csv' (line" in refused
    assert refused.endswith("but write_file was not approved for it.")
    assert not Path("/var/tmp/out.csv").exists()


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "toml"])
def test_its_policies_can_be_read(block, tmp_path):
    (tmp_path / "policy.toml").write_text(block)

    assert set(tomllib.loads(block)["capabilities"]) <= set(CAPABILITIES)
    read(tmp_path / "policy.toml", "notebook")


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "bash"])
def test_its_commands_are_targets_of_the_makefile(block):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert set(re.findall(r"^make (\S+)", block, flags=re.MULTILINE)) <= set(targets)


def test_its_commands_and_options_exist():
    commands = {found for code in CODE for found in re.findall(r"^%cave ([a-z]+)", code)}
    options = {found for code in CODE for found in re.findall(r"(?:^|\s)(--[a-z-]+)", code)}

    assert commands <= set(COMMANDS)
    of_line_magics = {"--run", QUERY, PICTURES}  # of `%cave export` and `%cave show`
    assert options <= {*options_of(CaveMagics.cave_cell), *of_line_magics}

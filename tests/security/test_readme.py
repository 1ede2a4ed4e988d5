"""The example of the README does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def test_the_example_of_check_and_guard_says_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    [example] = [block for block in blocks if "caveagent_magic.security import" in block]
    compiled = compile(example, "<ipython-input-1>", "exec")

    exec(compiled, {"__name__": "__main__"})

    asked, refused = capsys.readouterr().out.splitlines()
    assert f"# {asked}" in example
    assert "would write '/var/tmp/out.csv' (line" in refused
    assert refused.endswith("but write_file was not approved for it.")
    assert not Path("/var/tmp/out.csv").exists()

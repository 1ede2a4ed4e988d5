"""`%cave explain`: rules in words."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.errors import UsageError
from caveagent_magic.security import reference


@pytest.fixture
def cave(tmp_path, monkeypatch, capsys):
    """Type `%cave …` in a real IPython shell and read what it prints."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "caveagent_magic")

    def typed(line):
        shell.run_line_magic("cave", line)
        return capsys.readouterr().out.rstrip("\n")

    yield typed
    shell.run_line_magic("unload_ext", "caveagent_magic")
    InteractiveShell.clear_instance()


def test_a_code_prints_reason_message_and_examples(cave):
    assert cave("explain CAVE301") == reference.explain("CAVE301")


def test_a_capability_lists_its_rules(cave):
    assert cave("explain process").splitlines()[0].startswith("CAVE301  process")


def test_alone_it_lists_every_rule(cave):
    assert cave("explain") == reference.overview()


def test_an_unknown_code_is_one_helpful_line(cave):
    with pytest.raises(UsageError, match="No rule is called CAVE000; there are CAVE001"):
        cave("explain CAVE000")

"""What loading puts into a session, unloading takes out again."""

import subprocess
import sys
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell

import caveagent_magic
from caveagent_magic.errors import UsageError

HEAVY = (
    "pandas",
    "numpy",
    "astroid",
    "anthropic",
    "anywidget",
    "ipywidgets",
    "pydantic",
    "httpx",
    "matplotlib",
)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A real IPython shell of its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    made.run_line_magic("unload_ext", "nothing")  # IPython makes this magic when it is first used
    yield made
    InteractiveShell.clear_instance()


def left_in(shell):
    """All that an extension could leave behind in a session."""
    return {
        "names": set(shell.user_ns),
        "line magics": set(shell.magics_manager.magics["line"]),
        "cell magics": set(shell.magics_manager.magics["cell"]),
        "registry": set(shell.magics_manager.registry),
        "callbacks": {name: len(found) for name, found in shell.events.callbacks.items()},
        "configurables": len(shell.configurables),
        "matchers": len(shell.Completer.custom_matchers),
        "formatters": {
            key: dict(found.type_printers) for key, found in shell.display_formatter.formatters.items()
        },
        "excepthook": sys.excepthook,
    }


def test_unloading_leaves_the_session_as_it_was_found(shell):
    before = left_in(shell)

    shell.run_line_magic("load_ext", "caveagent_magic")
    loaded = left_in(shell)
    shell.run_line_magic("unload_ext", "caveagent_magic")

    assert "cave" in loaded["line magics"] and loaded["names"] == before["names"]
    assert left_in(shell) == before


def test_reloading_does_not_pile_up(shell):
    shell.run_line_magic("load_ext", "caveagent_magic")
    once = left_in(shell)

    shell.run_line_magic("reload_ext", "caveagent_magic")

    assert left_in(shell) == once


def test_loading_imports_none_of_the_heavy_libraries():
    program = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'caveagent_magic')\n"
        f"print(*(name for name in {HEAVY} if name in sys.modules))\n"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == ""


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("--modle x", "hello", "--model"),
        ("--max-steps many", "hello", "--max-steps"),
        ("--max-steps 0", "hello", "a number from 1"),
        ("--auto --ask", "hello", "exclude each other"),
        ("--out 2x", "hello", "takes a variable name"),
        ("--aut", "hello", "--auto"),
        ("", "  \n", "write what you want"),
        ("--model 'x", "hello", "cannot be read"),
    ],
)
def test_a_wrong_line_is_named_together_with_what_exists(shell, line, cell, says):
    shell.run_line_magic("load_ext", "caveagent_magic")

    with pytest.raises(UsageError, match=says):
        shell.run_cell_magic("cave", line, cell)


def test_an_unknown_sub_command_is_named_together_with_those_that_exist(shell):
    shell.run_line_magic("load_ext", "caveagent_magic")

    with pytest.raises(UsageError, match=r"no sub-command 'stats'.* status, vars, show, reset, model, cost"):
        shell.run_line_magic("cave", "stats")


@pytest.mark.parametrize("command", ["", "help", "status", "vars", "show", "reset", "cost", "doctor"])
def test_every_sub_command_says_something_in_a_fresh_session(shell, capsys, command):
    shell.run_line_magic("load_ext", "caveagent_magic")

    shell.run_line_magic("cave", command)

    assert capsys.readouterr().out.strip()


def test_a_request_that_comes_in_during_the_first_cell_meets_the_same_broker(shell):
    shell.run_line_magic("load_ext", "caveagent_magic")
    magics, seen = shell.magics_manager.registry["CaveMagics"], []
    threads = [threading.Thread(target=lambda: seen.append(magics.driver.broker)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, seen))) == 1


def test_show_prints_the_card_and_no_value(shell, capsys):
    shell.run_line_magic("load_ext", "caveagent_magic")
    shell.user_ns["secret_words"] = ["hunter2"]

    shell.run_line_magic("cave", "show secret_words")

    printed = capsys.readouterr().out
    assert "list" in printed and "hunter2" not in printed


def test_config_shows_the_settings_with_help(shell, capsys):
    shell.run_line_magic("load_ext", "caveagent_magic")

    shell.run_line_magic("config", "CaveMagics")

    assert "every step waits for an answer" in capsys.readouterr().out


def test_tab_completes_options_commands_and_live_names(shell):
    shell.run_line_magic("load_ext", "caveagent_magic")
    shell.user_ns["sales_2024"] = 1

    def offered(text):
        return set(shell.complete("", line=text, cursor_pos=len(text))[1]) if "\n" not in text else cell(text)

    def cell(text):
        found = shell.Completer.completions(text, len(text))
        return {completion.text for completion in found}

    assert "--max-steps" in offered("%%cave --max")
    assert "doctor" in offered("%cave doc")
    assert "sales_2024" in offered("%cave show sal")


def test_the_version_of_the_package_is_the_one_that_is_installed():
    assert caveagent_magic.__version__ == "0.1.0"

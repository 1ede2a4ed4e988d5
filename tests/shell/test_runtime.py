"""What code means in the person's shell, and running it there."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.shell.names import Names
from caveagent_magic.shell.runtime import Runtime


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A real IPython shell of its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    yield made
    InteractiveShell.clear_instance()


def test_what_code_means_is_asked_again_once_code_has_run(shell):
    runtime = Runtime(Names(shell))
    shell.user_ns["louder"] = lambda lines: [line.upper() for line in lines]
    before = runtime.plain("a = 'b'")

    runtime.run("get_ipython().input_transformers_post.append(louder)")

    assert (before, runtime.plain("a = 'b'")) == ("a = 'b'\n", "A = 'B'\n")


def test_what_other_code_means_is_not_mistaken_for_it(shell):
    runtime = Runtime(Names(shell))

    assert [runtime.plain("a = 1"), runtime.plain("b = 1"), runtime.plain("a = 1")] == [
        "a = 1\n",
        "b = 1\n",
        "a = 1\n",
    ]


def test_names_that_code_of_the_turn_assigned_are_known_until_the_next_one(shell):
    runtime = Runtime(Names(shell))
    runtime.run("for each in (1, 2):\n    total = each")
    shell.user_ns["given"] = 1
    known = [name for name in ("total", "each", "given", "absent") if runtime.assigned(name)]
    runtime.begin()

    assert (known, runtime.assigned("total")) == (["total", "each"], False)

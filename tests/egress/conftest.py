"""Sessions in a real IPython shell, of which every request is kept."""

import itertools
import os

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.events import Decision
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.models.recorded import RecordedModel
from caveagent_magic.ports import Ports, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn
from caveagent_magic.shell.names import Names
from caveagent_magic.shell.runtime import Runtime


class Attended:
    """A person who approves every step."""

    nonce = code_hash = ""

    def attended(self):
        return True

    def open(self, *_):
        return self

    def wait(self):
        return Decision("run")


class Wire(RecordedModel):
    """Keeps all that is sent."""

    def reply(self, request, max_tokens):
        self.sent.append(request)
        return super().reply(request, max_tokens)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    home = tmp_path_factory.mktemp("ipython")
    os.environ["IPYTHONDIR"] = str(home)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    yield shell
    InteractiveShell.clear_instance()


def requests_of(shell, namespace, steps, level="schema"):
    """Every request of a session with these steps."""
    shell.reset(new_session=False)
    shell.user_ns.update(namespace)
    runtime = Runtime(Names(shell))
    model = Wire([*(f"Next.\n```python\n{code}\n```" for code in steps), "Done.", "Done."])
    model.sent = []
    ports = Ports(
        model, Stream(), runtime, Attended(), Policy.load(), None, itertools.count().__next__,
        disclosure=Disclosure(Privacy(level)),
    )  # fmt: skip
    for number in range(2):  # the cards of the second turn tell what the first has made
        runtime.begin()
        with capture_output():
            list(turn(Task(str(number), "Look at df.", max_steps=len(steps) + 1), ports))
    return model.sent

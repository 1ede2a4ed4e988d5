"""What a long notebook sends: the beginning stays as it was, and the whole stays small."""

import contextlib
import io
import itertools
from code import InteractiveInterpreter

import pandas as pd

from caveagent_magic.events import Decision, type_of
from caveagent_magic.models.recorded import RecordedModel
from caveagent_magic.models.tokens import estimate, estimate_request
from caveagent_magic.ports import Ports, Run, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn

TURNS = 30


class Notebook:
    """A namespace, and code that runs in it with its output collected."""

    def __init__(self, **namespace):
        self.namespace, self.kept = namespace, {}

    def variables(self):
        return {name: value for name, value in self.namespace.items() if not name.startswith("_")}

    def recent(self):
        return list(reversed(self.variables()))

    def plain(self, code):
        return code

    def run(self, code):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            InteractiveInterpreter(self.namespace).runsource(code, symbol="exec")
        return Run(({"output_type": "stream", "name": "stdout", "text": printed.getvalue()},))

    def keep(self, text):
        self.kept[len(self.kept) + 1] = text
        return len(self.kept)

    def assigned(self, name):
        return False


class Agrees:
    """A person who lets everything run."""

    nonce, code_hash = "nonce", "hash"

    def attended(self):
        return True

    def open(self, judged, code, rehearsal, actions, rules=(), inquiry=None):
        return self

    def wait(self):
        return Decision("run")


class Listening(RecordedModel):
    """Gives its replies and keeps what it was sent."""

    def reply(self, request, max_tokens):
        self.sent = [*getattr(self, "sent", []), request]
        return super().reply(request, max_tokens)


def orders(rows=1000):
    return pd.DataFrame({
        "order": range(rows), "region": [f"r{i % 7}" for i in range(rows)],
        "month": [i % 12 for i in range(rows)], "units": [i % 9 for i in range(rows)],
        "price": [i / 7 for i in range(rows)],
    })  # fmt: skip


def code_of(number):
    base = "orders" if number == 1 else f"part_{number - 1}"
    return f"part_{number} = {base}[{base}['units'] != {number % 9}]\nprint(len(part_{number}))"


def replies(steps=1):
    for number in range(1, TURNS + 1):
        yield f"I take the rows that matter for question {number}.\n```python\n{code_of(number)}\n```\n"
        yield f"Question {number} is answered: the rows are in `part_{number}`, and their count was printed."


def session(**settings):
    """Thirty turns, each building on the one before; the notebook, the model, the events of each turn."""
    notebook, model = Notebook(orders=orders()), Listening(list(replies()))
    stream = Stream(estimate=estimate, **settings)
    told = []
    for number in range(1, TURNS + 1):
        ports = Ports(model, stream, notebook, Agrees(), Policy.load(), None, itertools.count().__next__)
        question = f"Question {number}: which rows have other than {number % 9} units? Keep the new frame."
        told.append(list(turn(Task(f"t{number}", question), ports)))
    return notebook, model, told


def first_requests(model):
    return model.sent[::2]


def one_text(request):
    return request.system + "".join(f"\0{message.role}\0{message.text}" for message in request.messages)


def test_the_context_of_turn_30_is_at_most_half_again_that_of_turn_5():
    notebook, model, _ = session()

    sizes = [estimate_request(request) for request in first_requests(model)]

    assert f"part_{TURNS}" in notebook.namespace
    assert max(sizes[4:]) <= 1.5 * sizes[4], sizes


def test_each_request_begins_with_the_whole_one_before_but_for_a_few_shortenings():
    _, model, _ = session()
    texts = [one_text(request) for request in model.sent]

    broken = [index for index, (a, b) in enumerate(itertools.pairwise(texts)) if not b.startswith(a)]

    assert len(texts) == 2 * TURNS
    assert 1 <= len(broken) <= TURNS // 3, broken
    assert all(index % 2 for index in broken)  # between two turns, never inside one


def test_thirty_steps_of_one_turn_keep_the_whole_beginning():
    code = [f"Step.\n```python\n{code_of(number)}\n```\n" for number in range(1, TURNS + 1)]
    notebook, model = Notebook(orders=orders()), Listening([*code, "Done."])
    ports = Ports(
        model, Stream(estimate=estimate), notebook, Agrees(), Policy.load(), None, itertools.count().__next__
    )

    list(turn(Task("t", "Go on.", max_steps=TURNS + 1), ports))

    texts = [one_text(request) for request in model.sent]
    assert [b.startswith(a) for a, b in itertools.pairwise(texts)] == [True] * TURNS


def test_a_card_is_told_once_and_again_only_after_the_turn_that_told_it_was_taken_out():
    _, model, told = session()

    columns = [request.messages[-1].text.count("part_3: DataFrame") for request in first_requests(model)]
    observed = next(event.text for event in told[2] if type_of(type(event)) == "observed")

    assert "new part_3: DataFrame 667 × 5 [as part_2]" in observed
    assert columns[:5] == [0] * 5
    assert sum(columns) >= 1


def test_turns_that_were_taken_out_leave_a_line_each_and_their_full_text_in_the_runtime():
    notebook, model, _ = session()

    shortened = next(r.messages[-1].text for r in first_requests(model) if "<earlier>" in r.messages[-1].text)
    number = int(shortened.partition("_cave.out[")[2].partition("]")[0])

    line = "3. Question 3: which rows have other than 3 units? Keep the new frame. [part_3] → Question 3"
    assert line in shortened
    assert code_of(2) in notebook.kept[number]


def test_what_is_shown_as_leaving_is_what_the_request_adds():
    _, model, told = session()

    shown = [events[0].request_text for events in told]
    sent = [request.messages[-1].text for request in first_requests(model)]

    assert shown[1:] == sent[1:]
    assert shown[0] == f"{model.sent[0].system}\n\n{sent[0]}"

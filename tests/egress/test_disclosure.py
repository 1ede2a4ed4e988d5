"""What a step printed, as the model is told it."""

import pandas as pd

from caveagent_magic import events as ev
from caveagent_magic.egress.disclosure import Disclosure

AT = {"turn": "t", "step": 1}


def told(code: str) -> str:
    """What may be told of the code's output, in a notebook with one table."""
    namespace: dict[str, object] = {
        "sales": pd.DataFrame({"region": ["north", "south"] * 2, "price": [10.25, 20.5, 31.75, 48.125]})
    }
    disclosure = Disclosure()

    def step():
        yield ev.Decided("run", "user", **AT)
        lines: list[str] = []
        exec(code, {"print": lambda thing: lines.append(str(thing))}, namespace)
        added = tuple(ev.Change(name, "Series") for name in namespace if name != "sales")
        yield ev.Ran((), ev.Changes(added), 0.0, **AT)
        (output, *_) = disclosure.outputs(
            ({"output_type": "stream", "name": "stdout", "text": "\n".join(lines)},), namespace
        )
        return str(output["text"])

    events = disclosure.step(step(), code, namespace, "")
    while True:
        try:
            next(events)
        except StopIteration as end:
            return str(end.value)


def test_what_a_step_worked_out_is_told_in_its_own_output():
    text = told("means = sales.groupby('region')['price'].mean()\nprint(means.to_dict())")

    assert "21.0" in text and "34.3125" in text


def test_cells_that_a_step_copied_into_a_small_table_stay():
    text = told("few = sales.head(2)\nprint(few)")

    assert "10.25" not in text and "20.5" not in text and "‹value›" in text

from __future__ import annotations

import gc
import weakref

from caveagent_magic.events import Change
from caveagent_magic.rehearsal.changes import diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint


def step(namespace, code):
    """Run a step as a turn does, and give what is needed to take it back."""
    checkpoint, before = Checkpoint.take(namespace), snapshot(namespace, str)
    exec(code, {}, namespace)
    return checkpoint, diff(before, namespace, str)


def test_bindings_are_taken_back():
    items = [1]
    namespace = {"a": 1, "items": items, "gone": "kept"}
    checkpoint, changes = step(namespace, "a = 2; items = []; new = 1; del gone")

    assert checkpoint.undo(namespace, changes) == (("a", "items", "gone", "new"), ())
    assert namespace == {"a": 1, "items": [1], "gone": "kept"} and namespace["items"] is items


def test_a_name_whose_object_was_changed_in_place_is_not_undone_and_says_why():
    namespace = {"items": [1], "other": [2]}
    checkpoint, changes = step(namespace, "items.append(2); other.append(1); other = 5")

    undone, not_undone = checkpoint.undo(namespace, changes)

    reason = "its content was changed in place, and only bindings can be taken back"
    assert (undone, not_undone) == ((), (Change("items", reason), Change("other", reason)))
    assert namespace == {"items": [1, 2], "other": [2, 1]}


def test_a_narrowed_checkpoint_keeps_alive_only_what_the_step_replaced():
    class Big:
        pass

    namespace = {"kept": Big(), "replaced": Big()}
    alive = {name: weakref.ref(thing) for name, thing in namespace.items()}
    checkpoint, changes = step(namespace, "replaced = 2")

    checkpoint.narrow(changes)
    del namespace["kept"]
    gc.collect()

    assert {name: ref() is not None for name, ref in alive.items()} == {"kept": False, "replaced": True}
    assert checkpoint.undo(namespace, changes)[0] == ("replaced",)

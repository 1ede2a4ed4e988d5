"""Approved steps become ordinary cells and files that give the same results without this package."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel

SETUP = "%load_ext caveagent_magic\nnumbers = [1, 2, 3]\nunused = 4"
ADD = "I add.\n```python\ntotal = sum(numbers)\n```"
AGAIN = "```python\nimport math\ntotal = math.fsum(numbers)\n```"
SHOW = "```python\nprint(2 * total)\n```"
FAIL = "```python\nhalf = total / 2\nmissing\n```"
QUARTER = "```python\nquarter = half / 2\n```"


def ask(kernel, replies, words, *texts):
    reply = kernel.run(
        f"%%cave --auto --model {replies(*texts, 'Done.', name=words.replace(' ', '_'))}\n{words}"
    )
    assert reply["status"] == "ok", kernel.text()


def cells(kernel):
    answer = kernel.control(verb="cells")
    assert answer["status"] == "ok", answer
    return [cell["source"] for cell in answer["cells"]], answer["left_out"]


def test_steps_become_cells_with_the_persons_own_cells_that_they_build_on(kernel, replies):
    kernel.run(SETUP)
    kernel.run("def unrelated():\n    return unused")
    ask(kernel, replies, "Add up", ADD, SHOW)
    turn = kernel.events()[0]["turn"]

    answer = kernel.control(verb="cells")

    assert [cell["source"] for cell in answer["cells"]] == [
        "numbers = [1, 2, 3]\nunused = 4",
        "total = sum(numbers)",
        "print(2 * total)",
    ]
    assert [cell["metadata"]["caveagent"] for cell in answer["cells"][1:]] == [
        {"turn": turn, "step": 1},
        {"turn": turn, "step": 2},
    ]
    assert answer["left_out"] == []


def test_an_overwritten_and_an_undone_step_are_left_out_until_they_are_done_again(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")
    ask(kernel, replies, "Add up", ADD)
    ask(kernel, replies, "Add exactly", AGAIN)
    pruned = cells(kernel)
    kernel.run("%cave undo")
    undone = cells(kernel)
    kernel.run("%cave redo")

    assert pruned == (
        ["numbers = [1, 2, 3]", "import math\ntotal = math.fsum(numbers)"],
        ["Step 1 of “Add up”: nothing that is kept uses what it made."],
    )
    assert undone == (
        ["numbers = [1, 2, 3]", "total = sum(numbers)"],
        ["Step 1 of “Add exactly” was undone."],
    )
    assert cells(kernel) == pruned


def test_of_a_step_that_failed_what_ran_before_the_error_is_kept_where_it_is_used(kernel, replies):
    kernel.run("%config CaveMagics.rehearse = False")
    kernel.run("total = 6")
    ask(kernel, replies, "Divide", FAIL, QUARTER)

    assert cells(kernel) == (["total = 6", "half = total / 2", "quarter = half / 2"], [])


def test_the_name_given_by_out_is_bound_in_the_cells(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")
    model = replies("```python\nsum(numbers)\n```", "Done.")
    kernel.run(f"%%cave --auto --out total --model {model}\nAdd up.")

    assert cells(kernel)[0] == ["numbers = [1, 2, 3]", "total = sum(numbers)\ntotal"]


def test_a_script_of_the_steps_gives_the_same_in_a_fresh_kernel_without_this_package(kernel, replies):
    first = kernel.run(SETUP)["execution_count"]
    ask(kernel, replies, "Add up", ADD, SHOW)

    kernel.run("%cave export script.py")

    lines = kernel.text().split("\n")
    assert lines[0].endswith(
        f"script.py: 2 approved steps, with the cells of yours that they build on: [{first}]."
    )
    assert lines[1].startswith("It ran in a fresh kernel without this package, in ")
    assert lines[2:4] == ["  the same     total, what step 2 of “Add up” showed", ""]
    assert kernel.value("open('script.py').read()").count("caveagent") == 0
    assert (
        kernel.value("__import__('subprocess').check_output(['python', 'script.py'], text=True)") == "'12\\n'"
    )


def test_what_comes_out_otherwise_and_what_cannot_be_compared_is_said(kernel, replies):
    made = "```python\nimport random, threading\nluck, lock = random.random(), threading.Lock()\n```"
    ask(kernel, replies, "Draw", made)

    kernel.run("%cave export drawn.ipynb")

    assert kernel.text().split("\n")[2:4] == ["  different    luck", "  not compared lock"]


def test_a_step_that_builds_on_what_no_cell_set_fails_in_the_fresh_kernel_and_it_is_said(kernel, replies):
    kernel.run("get_ipython().push({'numbers': [1, 2, 3]})")
    ask(kernel, replies, "Add up", ADD)

    kernel.run("%cave export lost.py")

    assert kernel.text().split("\n")[1:4] == [
        "No cell of this session sets `numbers`, which the steps use.",
        "In a fresh kernel without this package, step 1 of “Add up” failed: "
        "NameError: name 'numbers' is not defined",
        "  different    total",
    ]


def test_code_that_writes_files_is_run_again_only_on_demand(kernel, replies):
    kernel.run("%cave policy write_file allow")
    ask(kernel, replies, "Write", "```python\nwith open('out.txt', 'w') as f:\n    f.write('x')\n```")
    kernel.run("import os\nos.remove('out.txt')")

    kernel.run("%cave export written.py")
    said, written = kernel.text(), kernel.value("os.path.exists('out.txt')")
    kernel.run("%cave export written.py --run --overwrite")

    assert "It was not run for comparison, because that would do again: write_file out.txt." in said
    assert (written, kernel.value("os.path.exists('out.txt')")) == ("False", "True")


def test_a_file_that_is_there_is_not_replaced_unasked(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")
    ask(kernel, replies, "Add up", ADD)
    kernel.run("open('mine.py', 'w').write('# mine')")

    kernel.run("%cave export mine.py")

    assert kernel.outputs[-1]["evalue"].endswith("mine.py is there already. Add --overwrite to replace it.")
    assert kernel.value("open('mine.py').read()") == "'# mine'"

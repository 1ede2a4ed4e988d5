"""What an approved step leaves in the cell, in the kernel and in the conversation."""

import pytest

from caveagent_magic.events import MIME_TYPE
from tests.kernel.conftest import COUNT, DONE

pytestmark = pytest.mark.kernel


DRAW = """```python
import matplotlib.pyplot as plt
print('drawing')
plt.plot([1, 2]);
plt.show()
41 + 1
```"""


def test_a_failing_step_is_shown_to_the_model_which_mends_it_and_the_cell_holds_no_error(kernel, replies):
    model = replies("```python\nvalue = 1 / 0\n```", "```python\nvalue = 2\n```", "Done.")

    reply = kernel.run(f"%%cave --auto --model {model}\nDivide.")

    assert (reply["status"], kernel.value("value")) == ("ok", "2")
    assert [output["msg_type"] for output in kernel.outputs if output["msg_type"] == "error"] == []
    observed = [event["text"] for event in kernel.events() if event["type"] == "observed"]
    assert "ZeroDivisionError" in observed[0] and "value = 1 / 0" in observed[0]


def test_prints_results_and_figures_appear_in_the_cell(kernel, replies):
    kernel.run("%matplotlib inline")

    kernel.run(f"%%cave --auto --model {replies(DRAW, 'Drawn.')}\nDraw.")

    kinds = [output["msg_type"] for output in kernel.outputs]
    images = [output for output in kernel.outputs if "image/png" in output.get("data", {})]
    results = [
        output["data"]["text/plain"] for output in kernel.outputs if output["msg_type"] == "execute_result"
    ]
    assert ("drawing" in kernel.text(), len(images), results) == (True, 1, ["42"]), kinds


NATIVE = """```python
import ctypes, os, subprocess, sys
print('by Python', flush=True)
ctypes.CDLL(None).puts(b'by C')
subprocess.run(['echo', 'by a program'])
os.system('echo on standard error >&2')
```"""


def test_what_programs_and_c_code_print_is_shown_and_told_to_the_model(kernel, replies):
    kernel.control(verb="hello")

    kernel.start(f"%%cave --model {replies(NATIVE, 'Printed.')}\nPrint.")
    kernel.decide("run")
    kernel.finish()

    lines = ["by C", "by Python", "by a program", "on standard error"]
    told = next(event["text"] for event in kernel.events() if event["type"] == "observed")
    ran = next(event for event in kernel.events() if event["type"] == "ran")
    collected = "".join(output.get("text", "") for output in ran["outputs"])
    assert (sorted(kernel.text().splitlines()), sorted(collected.splitlines())) == (lines, lines)
    assert [line for line in lines if line not in told] == []
    assert ran["differs"] == []


def test_out_binds_the_final_result(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")

    kernel.run(f"%%cave --auto --out answer --model {replies(COUNT, DONE)}\nAdd up.")

    assert kernel.value("answer") == "6"


def test_a_result_is_found_again_by_its_name_after_the_name_has_gone(kernel, replies):
    model = replies(COUNT, DONE, "```python\n[5]\n```", DONE)
    kernel.run("import caveagent_magic as cave\nnumbers = [1, 2, 3]")
    kernel.run(f"%%cave --auto --out answer --model {model}\nAdd up.")
    kernel.run(f"%%cave --auto --model {model}\nFive.")

    kernel.run("del answer")

    assert kernel.value("cave.result('answer')") == "6"
    assert kernel.value("cave.result()") == "[5]"
    assert kernel.value("cave.result('total')") == "UsageError"


def test_a_conversation_goes_on_in_the_next_cell_with_only_what_changed(kernel, replies):
    model = replies(COUNT, DONE, "It was 6.")
    kernel.run("numbers = [1, 2, 3]")
    kernel.run(f"%%cave --auto --model {model}\nAdd up.")
    told = next(event["text"] for event in kernel.events() if event["type"] == "observed")

    kernel.run(f"%%cave --auto --model {model}\nWhat was it?")

    assert "total" in told
    assert kernel.events()[0]["request_text"] == "What was it?"


def test_history_keeps_what_the_person_wrote(counting):
    kernel, cell = counting

    written = cell.replace("%%cave", "%%cave --auto")

    kernel.run(written)

    assert kernel.value("get_ipython().history_manager.input_hist_raw[-1]") == repr(written)


def test_braces_in_the_prompt_never_paste_a_value(kernel, replies):
    kernel.run("secret = 'hunter2'")

    kernel.run(
        f"%%cave --plan --hide secret --model {replies('Nothing to do.')}\nWhat is {{secret}} or $secret?"
    )

    sent = kernel.events()[0]
    assert "{secret} or $secret" in sent["prompt"] and "hunter2" not in str(sent)


def test_a_model_that_fails_is_one_sentence_and_the_cell_can_be_run_again(kernel, replies):
    first = kernel.run(f"%%cave --auto --model {replies('x', fail='The server is down.')}\nHello.")

    second = kernel.run(f"%%cave --auto --model {replies('Hello to you.', name='second')}\nHello.")

    assert (first["status"], first["evalue"]) == ("error", "The server is down.")
    assert second["status"] == "ok"
    assert kernel.events()[0]["request_text"].count("Hello.") == 1


def test_the_limit_of_steps_is_an_error_that_says_so(kernel, replies):
    model = replies(*["```python\nx = 1\n```"] * 3)

    reply = kernel.run(f"%%cave --auto --max-steps 2 --model {model}\nGo on for ever.")

    assert (reply["ename"], kernel.value("x")) == ("LimitReached", "1")


def test_the_saved_bundle_has_all_three_forms(counting):
    kernel, cell = counting

    kernel.run(cell.replace("%%cave", "%%cave --auto"))

    bundle = next(iter(kernel.displays.values()))
    assert set(bundle) == {"application/vnd.caveagent.events+json", "text/html", "text/plain"}
    assert "total = sum(numbers)" in bundle["text/plain"] and "The total is 6." in bundle["text/html"]


def test_out_keeps_what_the_code_put_under_that_name(kernel, replies):
    kernel.run("lost = [3, 1, 2]")
    model = replies(
        "```python\nlost.sort()\nlen(lost)\n```", "Sorted.", "```python\nlost = 6\nlost\n```", "Six."
    )

    kernel.run(f"%%cave --auto --out lost --model {model}\nSort it.")
    sorted_in_place = kernel.value("lost")
    kernel.run("lost = 6")
    again = kernel.run(f"%%cave --auto --out lost --model {model}\nSix, please.")

    assert (sorted_in_place, again["status"], kernel.value("lost")) == ("[1, 2, 3]", "ok", "6")


def test_auto_spares_the_kernel_code_that_failed_in_the_rehearsal(kernel, replies):
    model = replies("```python\nhalf = 1\n1 / 0\n```", "I give up.")

    kernel.run(f"%%cave --auto --model {model}\nDivide.")

    assert ("ran" in kernel.types(), kernel.value("half")) == (False, "NameError")


CRASH = """```python
import numpy as np
np.lib.stride_tricks.as_strided(np.zeros(1), (10**6,), (10**7,)).sum()
```"""


def test_auto_does_not_run_what_killed_the_rehearsal(kernel, replies):
    kernel.run("alive = True")

    reply = kernel.run(f"%%cave --auto --model {replies(CRASH)}\nSum it.")

    assert (reply["ename"], kernel.value("alive")) == ("NobodyToAsk", "True")
    assert "segmentation fault" in reply["evalue"]


def test_clear_output_in_a_step_leaves_the_transcript(kernel, replies):
    code = "```python\nfrom IPython.display import clear_output\nclear_output()\nprint('kept')\n```"

    kernel.run(f"%%cave --auto --model {replies(code, 'Cleared.')}\nClear.")

    assert (kernel.cleared, kernel.types()[-1], kernel.text()) == (0, "turn_ended", "kept\n")


def test_a_cell_inside_a_cell_is_refused(kernel, replies):
    kernel.control(verb="hello")
    inner = "```python\nget_ipython().run_cell_magic('cave', '', 'and another')\n```"

    reply = kernel.run(f"%%cave --model {replies(inner, 'So be it.')}\nNest.")

    judged = next(event for event in kernel.events() if event["type"] == "judged")
    assert judged["verdict"]["decision"] == "deny"
    assert "ran" not in kernel.types()
    assert (reply["status"], kernel.types()[-1]) == ("ok", "turn_ended")


ODD = {
    "a number as text": "display({'text/plain': 5}, raw=True)",
    "an object in the metadata": "display({'text/plain': 'x'}, metadata={'odd': object()}, raw=True)",
    "half a character": "raise ValueError('\\ud800')",
    "very long text": "print('y' * 300_000)",
    "a lock": "import threading; display({'text/plain': threading.Lock()}, raw=True)",
}


LAZY = """
class Lazy:
    def __getattr__(self, name):
        fetched.append(name)
fetched, lazy = [], Lazy()
%autocall 1
"""


def test_a_single_line_is_only_python_and_nothing_of_it_runs_to_judge_it(kernel, replies):
    kernel.run(LAZY)

    kernel.run(f"%%cave --plan --model {replies('```python{0}lazy.part.other{0}```'.format(chr(10)))}\nLook.")
    kernel.run(f"%%cave --auto --model {replies('```python{0}exit{0}```'.format(chr(10)), 'Done.')}\nLook.")

    assert kernel.value("fetched") == "[]"


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_odd_outputs_do_not_lose_the_transcript(kernel, replies, line):
    kernel.control(verb="hello")
    kernel.run("%config CaveMagics.rehearse = False")

    kernel.start(f"%%cave --model {replies(f'```python{chr(10)}{line}{chr(10)}```', 'Odd.')}\nShow it.")
    kernel.decide("run")
    kernel.finish()

    assert kernel.types()[-3:] == ["prose", "usage", "turn_ended"]


def test_undo_gives_names_back_also_after_a_cell_that_failed(counting):
    kernel, cell = counting
    kernel.run("total = 'before'")
    kernel.run(cell.replace("%%cave", "%%cave --auto"))
    kernel.run("%%cave --model recorded:/nowhere\nFail.")

    kernel.run("%cave undo")

    assert (kernel.events()[0]["names"][0], kernel.value("total")) == ("total", "'before'")


def test_figures_of_the_answer_are_linked_to_the_step_that_showed_them(kernel, replies):
    kernel.run("numbers = [1200, 34.56]")
    code = "```python\ntotal, half = sum(numbers), numbers[0] / 2\nprint(total)\n```"
    answer = "In 2024 it is 1,234.6, half is 600 (`half`), a third 411.5 (`total / 3`), and 77 more."

    kernel.run(f"%%cave --auto --model {replies(code, answer)}\nAdd up.")

    assert [(each["text"], each["note"], each["step"]) for each in kernel.events()[-1]["figures"]] == [
        ("1,234.6", "found in step 1", 1),
        ("600", "worked out again from half", 0),
        ("411.5", "worked out again from total / 3", 0),
        ("77", "not found in this turn's outputs", 0),
    ]
    [shown] = [each["text/plain"] for each in kernel.displays.values() if MIME_TYPE in each]
    assert shown.split("\n")[-1].startswith(
        "figures: 1,234.6 found in step 1 · 600 worked out again from half"
    )

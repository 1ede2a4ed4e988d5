"""Always allow in this notebook, on real kernels: what is saved, what it lets run, and what still asks."""

import pytest

pytestmark = pytest.mark.kernel


def writing(path):
    code = f"from pathlib import Path\nPath('out').mkdir(exist_ok=True)\nPath({path!r}).write_text('x')"
    return f"```python\n{code}\n```"


@pytest.fixture
def notebook(kernel, tmp_path):
    """A kernel with a front end, on a machine whose only policy is the one that a test writes."""
    kernel.run(
        f"import os; os.environ['XDG_CONFIG_HOME'] = {str(tmp_path / 'config')!r}\n"
        "from pathlib import Path\n"
        "magics = get_ipython().magics_manager.registry['CaveMagics']\n"
        f"magics.driver.administrator = Path({str(tmp_path / 'administrator.toml')!r})\n"
        "magics.policy_file = ''"
    )
    kernel.control(verb="hello", client="test")
    return kernel


def remembered(notebook, replies, path="out/a.csv"):
    """One step that writes a file, answered with "always"."""
    notebook.start(f"%%cave --model {replies(writing(path), 'Done.')}\nWrite.")
    step = notebook.pending()
    answer = notebook.decide("run", remember=True)
    reply = notebook.finish()
    assert (answer["status"], reply["status"]) == ("ok", "ok"), (answer, reply)
    return step


def files(notebook):
    return notebook.value("sorted(str(p) for p in __import__('pathlib').Path('.').rglob('*') if p.is_file())")


def events(notebook, kind):
    return [event for event in notebook.events() if event["type"] == kind]


def test_an_answer_that_is_remembered_says_what_it_saves_before_and_after(notebook, replies):
    step = remembered(notebook, replies)

    assert step["rules"] == ["write_file in out/"]
    assert [event["rules"] for event in events(notebook, "decision_asked")] == [["write_file in out/"]]
    assert [event["rules"] for event in events(notebook, "decided")] == [["write_file in out/"]]
    assert "out/a.csv" in [
        finding["target"] for finding in events(notebook, "judged")[0]["verdict"]["findings"]
    ]
    assert files(notebook) == "['out/a.csv']"
    notebook.run("%cave policy")
    assert "said in this notebook" in next(line for line in notebook.text().splitlines() if "out/" in line)


def test_what_is_remembered_runs_unasked_under_auto_and_what_is_not_is_asked(notebook, replies):
    remembered(notebook, replies)
    texts = (writing("out/b.csv"), writing("elsewhere.csv"), "Done.")
    notebook.start(f"%%cave --auto --model {replies(*texts, name='more')}\nGo on.")
    asked = notebook.pending()
    notebook.decide("skip")
    notebook.finish()

    assert "elsewhere.csv" in asked["code"]
    assert [event["by"] for event in events(notebook, "decided")] == ["policy", "user"]
    assert files(notebook) == "['out/a.csv', 'out/b.csv']"


def test_a_rule_that_is_forgotten_asks_again(notebook, replies):
    remembered(notebook, replies)
    notebook.run("%cave policy forget 1")

    reply = notebook.run(f"%%cave --plan --model {replies(writing('out/b.csv'), name='more')}\nGo on.")

    assert reply["status"] == "ok"
    assert events(notebook, "judged")[0]["verdict"]["decision"] == "ask"


def test_what_an_administrator_denies_stays_denied(notebook, replies, tmp_path):
    remembered(notebook, replies)
    (tmp_path / "administrator.toml").write_text('[capabilities.write_file]\ndeny = ["out/"]')
    notebook.run("%cave policy write_file allow")

    notebook.run(
        f"%%cave --auto --model {replies(writing('out/b.csv'), 'It is forbidden.', name='more')}\nGo on."
    )

    assert events(notebook, "judged")[0]["verdict"]["decision"] == "deny"
    assert events(notebook, "ran") == []
    assert files(notebook) == "['out/a.csv']"


def test_an_administrators_ask_is_not_offered_to_be_lifted(notebook, replies, tmp_path):
    (tmp_path / "administrator.toml").write_text('[capabilities]\nwrite_file = "ask"')

    notebook.start(f"%%cave --model {replies(writing('out/a.csv'), 'Done.')}\nWrite.")
    step = notebook.pending()
    refused = notebook.decide("run", remember=True)
    notebook.decide("stop")
    notebook.finish()

    assert step["rules"] == []
    assert refused == {"status": "error", "message": "Nothing of this step can be remembered."}


def test_a_run_is_held_to_what_was_approved_where_it_does_other_than_its_rehearsal(notebook, replies):
    code = "from pathlib import Path\nPath('out').mkdir()\nPath(f'out/{next(made)}').write_text('x')"
    notebook.run(
        "import os\nhere = os.getpid()\n"
        "made = ('../secret.csv' if os.getpid() == here else 'a.csv' for _ in range(9))"
    )

    model = replies(f"```python\n{code}\n```", "Done.")
    notebook.start(f"%%cave --model {model}\nWrite.")
    step = notebook.pending()
    notebook.decide("run")
    notebook.finish()

    targets = {f["target"] for f in step["verdict"]["findings"] if f["capability"] == "write_file"}
    assert (targets, files(notebook)) == ({"out", "out/…"}, "[]")
    assert "write_file was not approved for it" in events(notebook, "observed")[0]["text"]


def test_the_open_of_ipython_is_read_as_the_open_of_python(notebook, replies):
    code = "with open('out.csv', 'w') as file:\n    file.write('x')"
    model = replies(f"```python\n{code}\n```", "Done.")
    notebook.start(f"%%cave --model {model}\nWrite.")
    findings = notebook.pending()["verdict"]["findings"]
    notebook.decide("run")
    notebook.finish()

    assert [(found["capability"], found["target"]) for found in findings] == [("write_file", "out.csv")]
    assert files(notebook) == "['out.csv']"


def test_always_on_stdin_shows_the_rule_before_it_is_saved(notebook, replies):
    notebook.run("magics.driver.broker.clients.clear()")
    notebook.start(f"%%cave --model {replies(writing('out/a.csv'), 'Done.')}\nWrite.", allow_stdin=True)
    offered = notebook.asked()
    notebook.client.input("a")
    shown = notebook.asked()
    notebook.client.input("y")
    reply = notebook.finish()

    assert "[a]lways" in offered
    assert "write_file in out/" in shown
    assert (reply["status"], notebook.value("magics.driver.said.clauses[0].words")) == (
        "ok",
        "'write_file out/'",
    )

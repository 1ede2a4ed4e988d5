"""The wire: whatever a server does ends in a reply or in one sentence that says what to do."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Message, Request
from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.base import Spent
from caveagent_magic.models.tokens import estimate

REQUEST = Request("Be brief.", (Message("user", "One?"), Message("assistant", "1"), Message("user", "Two?")))
CACHED = {"cache_control": {"type": "ephemeral"}}
USAGE = {
    "input_tokens": 20,
    "cache_read_input_tokens": 300,
    "cache_creation_input_tokens": 40,
    "output_tokens": 1,
}
OVERLOADED = ("overloaded_error", "Overloaded")
NOW = {"retry_after_ms": "1"}  # the SDK honours it, and the tests need not wait


@pytest.fixture
def model(server):
    return AnthropicModel("claude-sonnet-5-5", api_key="sk-secret", base_url=server.url)


def sentence(reply):
    with pytest.raises(ModelError) as caught:
        list(reply)
    return str(caught.value)


def test_a_reply_is_streamed_and_every_token_of_it_counted(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two"), wire.text("."), wire.end()))]
    reply = model.reply(REQUEST, 100)

    assert list(reply) == ["Two", "."]
    cost = (2.0 * (20 + 1.25 * 40) + 0.1 * 300 + 10.0 * 7) / 1e6
    assert reply.spent == Spent(input=60, cached=300, output=7, cost=cost, estimated=False)
    assert not reply.cut


def test_the_body_is_exactly_the_request_with_the_stable_parts_marked_for_the_cache(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end()))]
    list(model.reply(REQUEST, 100))

    [(path, headers, body)] = server.requests
    assert (path, headers["x-api-key"]) == ("/v1/messages", "sk-secret")
    assert body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 100,
        "stream": True,
        "system": [{"type": "text", "text": "Be brief.", **CACHED}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "One?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "1"}]},
            {"role": "user", "content": [{"type": "text", "text": "Two?", **CACHED}]},
        ],
    }


def test_only_a_small_model_is_asked_for_replies_without_chance(server, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end()))]
    list(AnthropicModel("tiny", base_url=server.url, small=True).reply(REQUEST, 100))

    assert server.requests[0][2]["temperature"] == 0


def test_a_server_of_ones_own_needs_no_key_and_may_be_named_with_its_version(server, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end()))]
    reply = AnthropicModel("tiny", base_url=server.url + "/v1/").reply(REQUEST, 100)

    assert list(reply) == ["Two."]
    assert server.requests[0][0] == "/v1/messages"
    assert reply.spent.cost is None


def test_a_proxy_does_not_stand_before_this_machine(server, wire, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end()))]

    assert list(AnthropicModel("tiny", base_url=server.url).reply(REQUEST, 100)) == ["Two."]


def test_nothing_is_sent_before_the_reply_is_iterated(server, model):
    reply = model.reply(REQUEST, 100)
    reply.close()

    assert (list(reply), server.requests) == ([], [])
    assert reply.spent == Spent(0, 0, 0, 0.0, estimated=True)


def test_closing_early_hangs_up_and_estimates_what_was_written(server, model, wire):
    wait = threading.Event()
    server.script = [wire.Streams((wire.start(USAGE) + wire.text("x" * 35), wire.end()), wait=wait)]
    reply = model.reply(REQUEST, 100)
    first = next(iter(reply))
    reply.close()

    assert server.hung_up.wait(10)
    assert (first, reply.spent.output, reply.spent.estimated) == ("x" * 35, estimate("x" * 35), True)
    assert (reply.spent.input, reply.spent.cached) == (60, 300)


def test_a_reply_that_ends_at_the_limit_says_so(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Tw"), wire.end("max_tokens")))]
    reply = model.reply(REQUEST, 100)

    assert (list(reply), reply.cut) == (["Tw"], True)


def test_a_limit_and_an_overload_that_pass_are_only_a_pause(server, model, wire):
    server.script = [
        wire.refuses(429, "rate_limit_error", "Slow down", **NOW),
        wire.refuses(529, *OVERLOADED, **NOW),
        wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end())),
    ]

    assert list(model.reply(REQUEST, 100)) == ["Two."]


def test_a_pause_is_as_long_as_the_server_asks(server, model, wire, monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    server.script = [
        wire.refuses(429, "rate_limit_error", "Slow down", retry_after="3"),
        wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end())),
    ]
    list(model.reply(REQUEST, 100))

    assert [pause for pause in pauses if pause >= 1] == [3]


REFUSALS = {
    (400, "invalid_request_error", "max_tokens: too few"): "{host} refused the request: max_tokens: too few.",
    (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"): (
        "The conversation is too long for claude-sonnet-5-5. Start anew with `%cave reset`, "
        "or send less with `--only`: prompt is too long: 9 tokens > 8 maximum."
    ),
    (401, "authentication_error", "invalid x-api-key"): (
        "{host} refused the API key. Set ANTHROPIC_API_KEY to a valid one, then run the cell again."
    ),
    (403, "permission_error", "Not yours."): (
        "{host} does not let this key use claude-sonnet-5-5. "
        "Choose another with `%cave model NAME`: Not yours."
    ),
    (404, "not_found_error", "model: claude-sonnet-5-5"): (
        "{host} knows no model 'claude-sonnet-5-5'. Choose another with `%cave model NAME`: "
        "model: claude-sonnet-5-5."
    ),
    (429, "rate_limit_error", "Slow down"): (
        "{host} limits the number of requests and still does after several tries. "
        "Wait a little, then run the cell again."
    ),
    (
        500,
        "api_error",
        "Oops",
    ): "{host} had an error of its own (500). Wait a little, then run the cell again.",
    (529, "overloaded_error", "Overloaded"): (
        "{host} is overloaded and still is after several tries. Wait a little, then run the cell again."
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]} {refusal[2][:12]}")
def test_a_refusal_is_one_sentence_that_says_what_to_do(server, model, wire, refusal):
    server.script = [wire.refuses(*refusal, **NOW)] * 3

    assert sentence(model.reply(REQUEST, 100)) == REFUSALS[refusal].format(host=model.host)


def test_a_turn_can_be_repeated_after_an_overload(server, model, wire):
    server.script = [wire.refuses(529, *OVERLOADED, **NOW)] * 3
    sentence(model.reply(REQUEST, 100))
    server.script = [wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end()))]

    assert list(model.reply(REQUEST, 100)) == ["Two."]


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr("caveagent_magic.models.streamed.PAUSE", 0.001)


BREAKS = {
    "dropped": lambda wire: wire.Streams((wire.start(USAGE),)),
    "malformed": lambda wire: wire.Streams((b"event: message_start\ndata: {nonsense\n\n", wire.end())),
    "incomplete": lambda wire: wire.Streams((wire.sse("content_block_delta", index=0), wire.end())),
    "overloaded": lambda wire: wire.Streams(
        (wire.sse("error", error={"type": "overloaded_error", "message": "Overloaded"}), wire.end())
    ),
}


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_stream_that_breaks_before_its_first_word_is_tried_again(server, model, wire, hasty, breaks):
    server.script = [
        BREAKS[breaks](wire),
        wire.Streams((wire.start(USAGE), wire.text("Two."), wire.end())),
    ]

    assert list(model.reply(REQUEST, 100)) == ["Two."]


WORDS = {
    "dropped": "broke off in the middle of the reply",
    "malformed": "sent something that cannot be read",
    "incomplete": "sent something that cannot be read",
    "overloaded": "had an error in the middle of the reply",
}


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_stream_that_goes_on_breaking_is_one_sentence(server, model, wire, hasty, breaks):
    server.script = [BREAKS[breaks](wire)] * 3

    assert sentence(model.reply(REQUEST, 100)) == f"{model.host} {WORDS[breaks]}. Run the cell again."


@pytest.mark.parametrize("breaks", BREAKS)
def test_after_the_first_word_nothing_is_tried_again(server, model, wire, breaks):
    broken = BREAKS[breaks](wire)
    begun = wire.Streams((wire.start(USAGE) + wire.text("Tw"), *broken.chunks))
    server.script = [begun]
    reply = model.reply(REQUEST, 100)
    pieces = iter(reply)

    assert next(pieces) == "Tw"
    assert sentence(pieces) == f"{model.host} {WORDS[breaks]}. Run the cell again."
    assert (len(server.requests), reply.spent.output, reply.spent.estimated) == (1, 1, True)


def test_an_empty_reply_is_one_sentence(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.end()))]

    assert sentence(model.reply(REQUEST, 100)) == "claude-sonnet-5-5 gave an empty reply. Run the cell again."


def test_a_reply_that_never_came_to_words_names_the_limit(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.end("max_tokens")))]

    assert sentence(model.reply(REQUEST, 1000)) == (
        "claude-sonnet-5-5 used up its 1,000 tokens before it wrote a word. Ask for less at once."
    )


def test_a_refusal_of_the_model_is_one_sentence(server, model, wire):
    server.script = [wire.Streams((wire.start(USAGE), wire.text("I "), wire.end("refusal")))]

    assert sentence(model.reply(REQUEST, 100)) == (
        "claude-sonnet-5-5 declined to answer. Put the question in other words."
    )


def test_a_page_that_is_no_reply_is_one_sentence(server, model, wire):
    server.script = [wire.Streams((b"<h1>Welcome to the hotel</h1>",), content_type="text/html")]

    assert sentence(model.reply(REQUEST, 100)) == (
        f"{model.host} does not speak the Messages API. Check ANTHROPIC_BASE_URL."
    )


def test_no_connection_is_one_sentence(server, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    model = AnthropicModel("tiny", base_url="http://127.0.0.1:9")

    assert sentence(model.reply(REQUEST, 100)) == (
        "No connection to 127.0.0.1:9. Check the network, or ANTHROPIC_BASE_URL. Run the cell again."
    )


def test_a_name_that_is_not_found_is_one_sentence(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    model = AnthropicModel("tiny", base_url="http://nowhere.invalid")

    assert sentence(model.reply(REQUEST, 100)) == (
        "The name nowhere.invalid was not found. Check the network, or ANTHROPIC_BASE_URL."
    )


def test_no_key_is_one_sentence():
    with pytest.raises(NoModel, match=r"No API key .* Set ANTHROPIC_API_KEY, or run `%cave model local`"):
        list(AnthropicModel("claude-sonnet-5-5").reply(REQUEST, 100))


def test_tokens_are_counted_by_the_server(server, model, wire):
    server.script = [wire.Answers(200, {"input_tokens": 4711})]

    assert model.count_tokens(REQUEST) == (4711, False)
    path, _, body = server.requests[0]
    assert (path, sorted(body)) == ("/v1/messages/count_tokens", ["messages", "model", "system"])


@pytest.mark.parametrize("answer", ["404", "odd", "nothing"])
def test_tokens_are_estimated_where_the_server_cannot_count(server, model, wire, answer):
    server.script = [
        {
            "404": wire.refuses(404, "not_found_error", "no such path"),
            "odd": wire.Answers(200, {"tokens": "many"}),
            "nothing": wire.Streams((b"<h1>Hello</h1>",), content_type="text/html"),
        }[answer]
    ]

    assert model.count_tokens(REQUEST) == (3 + 2 + 1 + 2, True)
    assert len(server.requests) == 1


def test_tokens_are_estimated_without_a_key():
    assert AnthropicModel("claude-sonnet-5-5").count_tokens(REQUEST) == (8, True)


def test_the_key_is_in_no_repr(model):
    assert (repr(model), "secret" in repr(model.client)) == ("AnthropicModel('claude-sonnet-5-5')", False)


STOPPED = """
from caveagent_magic.events import Message, Request
from caveagent_magic.models.anthropic import AnthropicModel

model = AnthropicModel("tiny", base_url={url!r})
reply = model.reply(Request("", (Message("user", "1"),)), 9)
print("asks", flush=True)
try:
    for piece in reply:
        print(piece, flush=True)
except KeyboardInterrupt:
    print("stopped", reply.spent.estimated, flush=True)
"""


@pytest.mark.parametrize("words", [["T"], []], ids=["in the middle", "before the first word"])
def test_the_person_stops_a_silent_server_at_once(server, wire, words):
    """In a process of its own, interrupted by the signal that a notebook's stop button sends."""
    begun = wire.Streams((wire.start(USAGE) + wire.text("T"), wire.end()), wait=threading.Event())
    server.script = [begun if words else wire.Silence()]
    code = STOPPED.format(url=server.url)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "asks\n"
    assert [process.stdout.readline().strip() for _ in words] == words
    assert server.asked.wait(30)
    os.kill(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=30)

    assert rest == "stopped True\n"
    assert server.hung_up.wait(10)
    assert len(server.requests) == 1


def test_importing_and_making_a_model_does_not_import_the_sdk():
    code = (
        "import sys; from caveagent_magic.models.named import *\n"
        "from caveagent_magic.models.anthropic import AnthropicModel\n"
        "AnthropicModel('x', api_key='k')\n"
        "print({'anthropic', 'httpx', 'pydantic', 'keyring', 'xllamacpp', 'filelock'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed == "set()\n"

"""A name becomes a model, or one sentence that says how to get one."""

import sys
import textwrap

import pytest

from caveagent_magic.errors import NoModel
from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.local import LocalModel
from caveagent_magic.models.named import ModelSettings, model_named
from caveagent_magic.models.recorded import RecordedModel
from caveagent_magic.models.weights import KNOWN


def named(name="", **settings):
    model = model_named(name, settings=ModelSettings(**settings))
    return type(model), model.name, getattr(model, "base_url", None)


def test_nothing_named_and_nothing_there_says_both_ways_out():
    with pytest.raises(NoModel) as caught:
        named()

    assert str(caught.value) == (
        "No API key was found. Set ANTHROPIC_API_KEY, or run `%cave model local` for the embedded model "
        "(it downloads 1.1 GB once)."
    )


def test_with_a_key_the_default_is_anthropics(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")

    assert named() == (AnthropicModel, "claude-sonnet-5-5", None)


def test_the_environment_names_another_model_and_another_server(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:11434")
    monkeypatch.setenv("ANTHROPIC_MODEL", "qwen3")

    assert named() == (AnthropicModel, "qwen3", "http://localhost:11434")


def test_the_setting_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:1")

    assert named(base_url="http://localhost:2")[2] == "http://localhost:2"


def test_without_a_key_weights_that_are_here_are_used(tmp_path):
    path = tmp_path / "cache" / KNOWN["1.5b"].file
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(KNOWN["1.5b"].size)  # a hole: it takes no room

    assert named() == (LocalModel, "local", None)


@pytest.mark.parametrize("name", ["local", "local:0.5b", "local:/some/where.gguf"])
def test_the_local_model_is_had_by_name_without_fetching_anything(name, tmp_path):
    assert named(name) == (LocalModel, name, None)


def test_a_recording_is_had_by_its_path(tmp_path):
    path = tmp_path / "replies.md"
    path.write_text("<!-- reply -->\nHello.")

    assert named(f"recorded:{path}") == (RecordedModel, "recorded:replies.md", None)


def test_a_name_of_anthropics_needs_a_key():
    with pytest.raises(NoModel, match="No API key was found"):
        named("claude-opus-5-5")


def test_the_keyring_is_asked_when_the_environment_has_no_key(monkeypatch, tmp_path):
    (tmp_path / "own_keyring.py").write_text(
        textwrap.dedent("""
        from keyring.backend import KeyringBackend
        class Own(KeyringBackend):
            priority = 1
            def get_password(self, service, username):
                return "sk-" + username if service == "caveagent_magic" else None
            def set_password(self, service, username, password): ...
            def delete_password(self, service, username): ...
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "own_keyring.Own")
    model = model_named("claude-opus-5-5", settings=ModelSettings())

    assert model.client.api_key == "sk-anthropic"


def test_a_keyring_that_waits_for_somebody_is_not_waited_for(monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("caveagent_magic.models.credentials.KEYRING_SECONDS", 0.2)

    with pytest.raises(NoModel, match="No API key was found"):
        named("claude-opus-5-5")


def test_the_keyrings_key_goes_to_nobody_but_anthropic(monkeypatch):
    monkeypatch.setattr("caveagent_magic.models.credentials.api_key", lambda: sys.exit("asked"))
    model = model_named("qwen3", settings=ModelSettings(base_url="http://localhost:1"))

    assert model.client.api_key == "none"

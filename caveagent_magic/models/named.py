"""From the name of a model to the model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from caveagent_magic.errors import NoModel
from caveagent_magic.frozen import frozen

if TYPE_CHECKING:  # each kind of model is loaded where it is asked for
    from caveagent_magic.models.base import Model
    from caveagent_magic.models.prices import Price

DEFAULT = "claude-sonnet-5-5"


@frozen
class ModelSettings:
    """What the settings say about models."""

    base_url: str = ""  # empty: ANTHROPIC_BASE_URL, else Anthropic itself
    threads: int = 0  # of the local model; 0: chosen by the load of the machine
    prices: Mapping[str, Price] = field(default_factory=dict)


def model_named(name: str, *, settings: ModelSettings) -> Model:
    """`local`, `local:0.5b`, `local:/path.gguf`, `recorded:/path.md`, or a name that the server knows.

    The empty name takes ANTHROPIC_MODEL or the default where there is a key or a server of one's own, else
    the local model where it is ready to run. Raises `NoModel` with what to do.
    """
    base_url = settings.base_url or os.environ.get("ANTHROPIC_BASE_URL") or ""
    name = name or _default(base_url)
    kind, _, rest = name.partition(":")
    if kind == "local":
        from caveagent_magic.models import local

        return local.LocalModel(rest or local.DEFAULT, threads=settings.threads)
    if kind == "recorded":
        from caveagent_magic.models.recorded import RecordedModel

        return RecordedModel.read(rest)
    from caveagent_magic.models import credentials
    from caveagent_magic.models.anthropic import NO_KEY, AnthropicModel

    key = credentials.environment_key() or (None if base_url else credentials.api_key())
    if not (key or base_url):
        raise NoModel(NO_KEY)
    return AnthropicModel(name, api_key=key, base_url=base_url, prices=settings.prices)


def _default(base_url: str) -> str:
    from caveagent_magic.models import credentials

    if base_url or credentials.api_key():
        return os.environ.get("ANTHROPIC_MODEL") or DEFAULT
    from caveagent_magic.models import local, weights
    from caveagent_magic.models.anthropic import NO_KEY

    if weights.cached(local.DEFAULT) and local.installed():
        return "local"
    raise NoModel(NO_KEY)

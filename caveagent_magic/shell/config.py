"""The settings, as traitlets: `%config CaveMagics` shows them, `c.CaveMagics.model = …` keeps them."""

from __future__ import annotations

from traitlets import Bool, Dict, Enum, Float, Int, Unicode
from traitlets.config import Configurable


class CaveSettings(Configurable):
    """What a person or an administrator may set."""

    model = Unicode(
        "",
        help="Model that answers: a name of the Messages API, 'local', 'local:PATH' or 'recorded:PATH'. "
        "Empty: ANTHROPIC_MODEL, else the default for the key that is set, else the local model.",
    ).tag(config=True)
    base_url = Unicode(
        "", help="Server that speaks the Messages API. Empty: ANTHROPIC_BASE_URL, else Anthropic."
    ).tag(config=True)
    approval = Enum(
        ["ask", "auto"],
        default_value="ask",
        help="'ask': every step waits for an answer. 'auto': steps that the policy allows run at once.",
    ).tag(config=True)
    policy_file = Unicode(
        "",
        help="A TOML policy for this notebook, beside yours and the administrator's. "
        "Empty: CAVEAGENT_POLICY, else none.",
    ).tag(config=True)
    record = Unicode(
        "",
        help="File in which what is approved is recorded, to run again without a model; 'off': none. "
        "Empty: CAVEAGENT_RECORD, else `NAME.cave.jsonl` beside the notebook.",
    ).tag(config=True)
    max_steps = Int(10, min=1, help="Replies of the model in one turn.").tag(config=True)
    budget = Int(0, min=0, help="Tokens that one turn may use; 0: no limit.").tag(config=True)
    reply_tokens = Int(16_000, min=64, help="Tokens of one reply, its thinking included.").tag(config=True)
    card_tokens = Int(2000, min=50, help="Tokens for describing variables.").tag(config=True)
    observation_tokens = Int(1200, min=100, help="Tokens of output that the model sees of a step.").tag(
        config=True
    )
    turn_observation_tokens = Int(6000, min=100, help="The same of all steps of a turn together.").tag(
        config=True
    )
    context_tokens = Int(
        100_000, min=1000, help="Tokens of conversation to keep before old output is shortened."
    ).tag(config=True)
    privacy = Enum(
        ["names", "schema", "stats", "samples"],
        default_value="schema",
        help="What the model may know of variables, at the start of a session: names and types; columns, "
        "dtypes and shapes; ranges and categories; a few rows. `%cave privacy` changes it.",
    ).tag(config=True)
    ledger = Enum(
        ["text", "digest", "off"],
        default_value="text",
        help="What is written down of each request before it is sent: its text, its digest, or nothing.",
    ).tag(config=True)
    rehearse = Bool(True, help="Try every step in a forked copy of the kernel first.").tag(config=True)
    rehearsal_seconds = Float(10.0, min=0.1, help="Time limit of a rehearsal, in seconds.").tag(config=True)
    adopt_seconds = Float(
        5.0, min=0, help="Results of a rehearsal that took this long can be taken over, in seconds."
    ).tag(config=True)
    rehearsal_megabytes = Int(
        4096, min=16, help="Memory that a rehearsal may use beyond the kernel's own, in MB."
    ).tag(config=True)
    undo_steps = Int(
        20, min=0, help="Steps that can be undone; older ones, and their objects, are let go."
    ).tag(config=True)
    threads = Int(0, min=0, help="Threads of the local model; 0: chosen by the load of the machine.").tag(
        config=True
    )
    prices = Dict(
        help="US dollars per million tokens: {'model': (input, cached, output)}.", default_value={}
    ).tag(config=True)

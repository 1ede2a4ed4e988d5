"""The protocol: one `%%cave` cell as a list of events, and the plain data inside them.

The same list is streamed to the panel, read by the JupyterLab side panel and kept in the notebook.
`labextension/src/protocol.ts` is generated from this file.
"""

from __future__ import annotations

import binascii
import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Literal, TypeAlias, get_args

from caveagent_magic.frozen import frozen

MIME_TYPE = "application/vnd.caveagent.events+json"
VERSION = 1
PIXELS_PER_TOKEN, MOST_PICTURE_TOKENS = 750, 1_600  # as Anthropic counts them

Output: TypeAlias = dict[str, Any]
"""An nbformat v4 output: stream, display_data, execute_result or error."""

Capability = Literal[
    "read_file", "write_file", "delete_file", "network", "process", "dynamic_code", "introspection",
    "deserialization", "secrets", "native", "kernel", "shadowing", "markup", "exhaustion", "unknown",
]  # fmt: skip
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)

Judgement = Literal["allow", "ask", "deny"]
Action = Literal["run", "adopt", "edit", "skip", "stop"]
QuestionKind = Literal["choice", "number", "column"]
EndReason = Literal["done", "plan", "stopped", "failed", "nobody", "max_steps", "budget", "broken"]


# ---------------------------------------------------------------- data between layers


@frozen
class Picture:
    """A PNG that goes to the model, because the person lets pictures go."""

    base64: str
    width: int
    height: int

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._bytes)

    @property
    def sha256(self) -> str:
        """By which it is known in the observation and in the ledger."""
        return hashlib.sha256(self._bytes).hexdigest()

    @property
    def tokens(self) -> int:
        """About how many it costs."""
        return min(MOST_PICTURE_TOKENS, self.width * self.height // PIXELS_PER_TOKEN)

    @property
    def _bytes(self) -> bytes:
        return binascii.a2b_base64(self.base64)


@frozen
class Message:
    """One message of the semantic stream."""

    role: Literal["user", "assistant"]
    text: str
    pictures: tuple[Picture, ...] = ()


@frozen
class Request:
    """Everything that one request sends to the model."""

    system: str
    messages: tuple[Message, ...]


@frozen
class VariableCard:
    """What the model may know of one live object."""

    name: str
    type_name: str
    qualified_type: str
    summary: str  # one line: shape, size or signature
    details: tuple[str, ...] = ()  # further lines: columns with their types, members
    note: str = ""  # why the object could not be looked at; empty: it could
    statistics: tuple[str, ...] = ()  # lines that tell values: ranges, categories; only where these may leave


@frozen
class Finding:
    """One use of a capability in the code; lines count from 1, columns from 0, ends are exclusive."""

    code: str  # "CAVE301"
    capability: Capability
    message: str
    line: int
    column: int
    end_line: int
    end_column: int
    target: str = ""  # the path, host or name that a policy can speak of, where it is known


@frozen
class Verdict:
    """What the policy makes of the findings; no findings means that none was found, not that it is safe."""

    decision: Judgement
    findings: tuple[Finding, ...] = ()


@frozen
class Effect:
    """Something outside the kernel that running code tried to do."""

    capability: Capability
    target: str  # "out/report.csv", "api.example.org:443"
    allowed: bool
    detail: str = ""  # "new, 12.3 kB"
    preview: str = ""  # the beginning of a text file that would be written


@frozen
class Change:
    """One name that a step touched."""

    name: str
    summary: str  # "10,000 → 9,912 rows, +margin"
    values: str = ""  # "3 → 5", for the person only: it is never told to the model


@frozen
class Changes:
    """What a step did to the namespace."""

    added: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    note: str = ""  # what could not be checked; empty: all was
    broken: tuple[Change, ...] = ()  # guards on data that no longer hold


@frozen
class Decision:
    """The answer to a pending step."""

    action: Action
    code: str = ""  # the edited code, for "edit"
    note: str = ""
    by: Literal["user", "rule", "policy", "record"] = "user"
    remember: bool = False  # allow from now on, in this notebook, what `DecisionAsked.rules` says
    untold: bool = False  # the model is not told what running the step puts out


@frozen
class Question:
    """What the model asks back where a task can be read in several ways."""

    text: str
    kind: QuestionKind
    options: tuple[str, ...] = ()  # one of which is the answer; none for a number


@frozen
class Figure:
    """A figure of the answer and where it was found; that it means what the answer says is not known."""

    text: str  # as it is written: "18.2 %"
    note: str  # "found in step 3", "not found in this turn's outputs"
    step: int = 0  # whose output holds it; 0: none
    found: bool = False


# ---------------------------------------------------------------- events


@frozen
class Event:
    """One thing that happened; step 0 is before the first reply of the model."""

    turn: str = field(kw_only=True)
    step: int = field(kw_only=True)


@frozen
class TurnStarted(Event):
    """A turn begins: this is what is about to leave the machine."""

    prompt: str
    model: str
    cards: tuple[VariableCard, ...]
    request_text: str  # exactly what the first request adds to what was sent before
    tokens: int  # of the whole first request
    tokens_estimated: bool  # True: counted here, not by the model's own tokenizer
    cost: float | None  # US dollars for these tokens; None: the price is not known
    replayed: bool = False  # a recorded turn runs again, and nothing is sent
    record: str = ""  # what the record of the notebook has to do with it; empty: nothing
    budget: int = 0  # tokens that the turn may use; 0: no limit


@frozen
class Progress(Event):
    """Something takes long before the model can answer, such as loading weights."""

    text: str
    fraction: float | None  # None: unknown


@frozen
class Prose(Event):
    """A further piece of the model's text outside code."""

    text: str


@frozen
class CodeProposed(Event):
    """The code of this step; a second one in the same step replaces the first."""

    code: str
    by: Literal["model", "user"] = "model"
    complete: bool = True  # False: more of it is still streaming


@frozen
class Usage(Event):
    """Tokens of one reply; input excludes cached."""

    input: int
    cached: int
    output: int
    cost: float | None  # US dollars; None: the price is not known
    seconds: float
    estimated: bool  # True: reading stopped before the server said how many


@frozen
class Judged(Event):
    """The security layer has read the code."""

    verdict: Verdict


@frozen
class Rehearsed(Event):
    """What the code did in a throw-away fork of the kernel."""

    outputs: tuple[Output, ...]
    changes: Changes
    effects: tuple[Effect, ...]
    seconds: float
    sandbox: str  # what held the rehearsal, in words
    stopped: str = ""  # why it was ended early; empty: it ran to its end
    not_adoptable: str = ""  # why its results cannot be taken over; empty: they can, or it was too short


@frozen
class RehearsalSkipped(Event):
    """The code was not tried beforehand."""

    reason: str


@frozen
class DecisionAsked(Event):
    """The turn waits; an answer must carry the nonce and the hash of the code it is about."""

    actions: tuple[Action, ...]
    nonce: str
    code_hash: str
    rules: tuple[str, ...] = ()  # what `remember` would allow in this notebook, in words


@frozen
class Decided(Event):
    """The step was answered."""

    action: Action
    by: Literal["user", "rule", "policy", "record"]  # record: this very code was approved before
    note: str = ""
    rules: tuple[str, ...] = ()  # what is allowed in this notebook from now on, in words
    untold: bool = False  # the model is not told what running the step puts out


@frozen
class Ran(Event):
    """The code ran in the kernel."""

    outputs: tuple[Output, ...]
    changes: Changes
    seconds: float
    effects: tuple[Effect, ...] = ()
    differs: tuple[str, ...] = ()  # where it came out otherwise than rehearsed, in sentences
    adopted: bool = False  # the rehearsed results were taken over, and nothing ran again


@frozen
class QuestionAsked(Event):
    """The model asks back; an answer must carry the nonce."""

    question: Question
    nonce: str  # empty: nobody is there to answer


@frozen
class QuestionAnswered(Event):
    """The question was answered, or left to the model."""

    answer: str  # empty: the model goes on and says what it assumed
    by: Literal["user", "nobody"]


@frozen
class Observed(Event):
    """Exactly what the model is told of this step."""

    text: str
    left_out: int  # characters of the outputs that the model does not see


@frozen
class Undone(Event):
    """Names given back their earlier values, and those that could not be."""

    names: tuple[str, ...]
    not_undone: tuple[Change, ...]
    redo: bool = False  # an undo was itself taken back


@frozen
class Failed(Event):
    """The turn cannot go on."""

    message: str


@frozen
class TurnEnded(Event):
    """The last event of every turn."""

    reason: EndReason
    answer: str = ""
    figures: tuple[Figure, ...] = ()  # of the answer; small counts and years only where they were found


EVENTS: tuple[type[Event], ...] = (
    TurnStarted, Progress, Prose, CodeProposed, Usage, Judged, Rehearsed, RehearsalSkipped, DecisionAsked,
    Decided, Ran, QuestionAsked, QuestionAnswered, Observed, Undone, Failed, TurnEnded,
)  # fmt: skip


# ---------------------------------------------------------------- to and from JSON


def type_of(event: type[Event]) -> str:
    """The tag on the wire: `TurnStarted` → `turn_started`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


BY_TYPE: Mapping[str, type[Event]] = {type_of(event): event for event in EVENTS}


def to_json(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data."""
    fields = asdict(event)
    return {"type": type_of(type(event)), "turn": fields.pop("turn"), "step": fields.pop("step"), **fields}


def from_json(data: Mapping[str, Any]) -> Event:
    """The event that `to_json` wrote; raises `ValueError` naming what does not fit."""
    fields = dict(data)
    event = BY_TYPE.get(kind := str(fields.pop("type", None)))
    if event is None:
        raise ValueError(f"no event is called {kind!r}; there are {', '.join(BY_TYPE)}")
    validated: Event = _adapter(kind).validate_python(fields)
    return validated


@functools.cache
def _adapter(kind: str) -> Any:
    from pydantic import TypeAdapter  # heavy, and anthropic has brought it along

    return TypeAdapter(BY_TYPE[kind])

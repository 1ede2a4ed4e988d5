"""Policies: which layer decides, and that nothing lifts what an administrator says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caveagent_magic.errors import PolicyError
from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security.policies.clauses import JUDGEMENTS, STRICTNESS, Clause, Layer, stricter
from caveagent_magic.security.policies.policy import PACKAGE, SHIPPED, Policy
from caveagent_magic.security.policies.said import Session


def written(folder: Path, text: str, name: str = "policy.toml") -> Path:
    """A policy file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def said(*clauses: Clause) -> Session:
    """A session in which this was said."""
    return Session(clauses)


def test_the_default_allows_computing_and_reading_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = Policy.load()

    assert not policy.unattended
    assert policy.decide("read_file", "a/b.csv") == "allow"
    assert policy.decide("read_file", "../b.csv") == "ask"
    assert policy.decide("read_file", None) == "ask"
    assert policy.decide("write_file", "a.csv") == "ask"
    assert policy.decide("network", "example.org") == "ask"


def test_the_default_denies_what_ends_or_doubles_the_kernel() -> None:
    policy = Policy.load()

    assert policy.decide("process", "posix._exit") == policy.decide("process", "posix.execve") == "deny"
    assert policy.decide("process", "subprocess.run") == "ask"


def test_the_demo_is_the_default_without_anybody_to_ask() -> None:
    policy = Policy.load(SHIPPED / "demo.toml")

    assert policy.unattended
    assert policy.decide("process") == Policy.load().decide("process") == "ask"


def test_a_file_replaces_the_default_for_what_it_mentions_and_nothing_else(tmp_path: Path) -> None:
    policy = Policy.load(written(tmp_path, '[capabilities.write_file]\nallow = ["out/"]'))

    assert policy.decide("write_file", "out/a.csv") == "allow"
    assert policy.decide("write_file", "other/a.csv") == "ask"
    assert policy.ruling("write_file", "other/a.csv").layer.kind == "shipped"


def test_of_several_files_the_strictest_decides(tmp_path: Path) -> None:
    administrator = written(tmp_path, '[capabilities]\nnetwork = "deny"\n', "administrator.toml")
    user = written(tmp_path, '[capabilities]\nprocess = "deny"\nmarkup = "allow"', "user.toml")
    text = '[capabilities]\nnetwork = "allow"\nprocess = "allow"\nwrite_file = "allow"\n'
    policy = Policy.load(written(tmp_path, text), user=user, administrator=administrator)

    judgements = {name: policy.ruling(name, "x") for name in ("network", "process", "write_file", "markup")}

    assert {name: (ruling.judgement, ruling.layer.kind) for name, ruling in judgements.items()} == {
        "network": ("deny", "administrator"),
        "process": ("deny", "user"),
        "write_file": ("allow", "notebook"),
        "markup": ("allow", "user"),
    }


def test_an_administrator_may_also_loosen_the_default(tmp_path: Path) -> None:
    text = '[capabilities.network]\nallow = ["*.corp.example"]'

    assert Policy.load(administrator=written(tmp_path, text)).decide("network", "db.corp.example") == "allow"


def test_the_session_lifts_an_ask_of_the_persons_own_but_no_deny(tmp_path: Path) -> None:
    user = written(tmp_path, '[capabilities]\nnetwork = "ask"\nprocess = "deny"')
    session = said(
        Clause("network", "allow"), Clause("process", "allow"), Clause("write_file", "allow", "out/")
    )
    policy = Policy.load(user=user, session=session)

    assert policy.decide("network", "example.org") == "allow"
    assert policy.decide("process", "subprocess.run") == "deny"
    assert policy.decide("write_file", "out/a.csv") == "allow"
    assert policy.decide("write_file", "elsewhere.csv") == "ask"


@pytest.mark.parametrize("judgement", ["ask", "deny"])
def test_the_session_lifts_nothing_of_the_administrators(tmp_path: Path, judgement: str) -> None:
    text = f'[capabilities]\nnetwork = "{judgement}"'
    session = said(Clause("network", "allow", "example.org"), Clause("network", "allow"))

    policy = Policy.load(administrator=written(tmp_path, text), session=session)

    assert policy.decide("network", "example.org") == judgement


def test_what_is_said_later_in_the_session_counts_at_once_and_replaces_what_was_said_before() -> None:
    policy = Policy.load()
    policy.session.say([Clause("network", "allow", "example.org")])
    first = policy.decide("network", "example.org")
    policy.session.say([Clause("network", "deny", "example.org")])

    assert (first, policy.decide("network", "example.org")) == ("allow", "deny")
    assert policy.session.clauses == (Clause("network", "deny", "example.org"),)


def test_no_policy_lets_a_step_write_policies_or_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    everything = "\n".join(f'{name} = "allow"' for name in CAPABILITIES)
    notebook = written(tmp_path, f"[capabilities]\n{everything}")
    policy = Policy.load(notebook, session=said(Clause("write_file", "allow"), Clause("kernel", "allow")))

    assert policy.decide("write_file", str(tmp_path / "other.toml")) == "allow"
    assert policy.decide("write_file", str(notebook)) == "deny"
    assert policy.decide("delete_file", str(tmp_path / "config/caveagent_magic/policy.toml")) == "deny"
    assert policy.decide("write_file", str(PACKAGE / "security" / "guard.py")) == "deny"
    assert policy.decide("kernel", "caveagent_magic.security.guard") == "deny"


def test_the_files_of_the_machine_are_found_where_they_are_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    nowhere = Policy.here(administrator=tmp_path / "administrator.toml")
    written(tmp_path, '[capabilities]\nnetwork = "deny"', "config/caveagent_magic/policy.toml")
    written(tmp_path, '[capabilities]\nprocess = "deny"', "administrator.toml")
    both = Policy.here(administrator=tmp_path / "administrator.toml")

    assert [layer.kind for layer in nowhere.layers] == ["shipped", "built in"]
    assert [layer.kind for layer in both.layers] == ["shipped", "user", "administrator", "built in"]


def test_the_environment_does_not_move_the_administrators_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import reload

    from caveagent_magic.security.policies import places

    before = places.ADMINISTRATOR
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "PROGRAMDATA", "CAVEAGENT_POLICY"):
        monkeypatch.setenv(name, str(tmp_path))

    assert before == reload(places).ADMINISTRATOR


def test_one_file_that_wants_somebody_to_answer_is_enough(tmp_path: Path) -> None:
    no = written(tmp_path, "unattended = false", "no.toml")
    yes = written(tmp_path, "unattended = true", "yes.toml")

    assert not Policy.load(yes, administrator=no).unattended
    assert not Policy.load(no, user=yes).unattended
    assert Policy.load(yes).unattended


# ---------------------------------------------------------------- whatever the layers say

CAPABILITY = st.sampled_from(["write_file", "network", "process"])
SCOPES = {
    "write_file": ["", "out/", "out/deep/", "out/*.csv", "/etc", "~", "."],
    "network": ["", "example.org", "*.example.org", "*", "localhost:8080"],
    "process": ["", "subprocess.run", "subprocess.*", "os.*"],
}
TARGETS = {
    "write_file": [None, "out/a.csv", "out/deep/b.txt", "out/…", "/etc/x", "~/.bashrc", "a.csv"],
    "network": [None, "example.org", "a.example.org", "localhost:8080", "localhost", "evil.test:443"],
    "process": [None, "subprocess.run", "posix.system", "pip.main"],
}
CLAUSE = CAPABILITY.flatmap(
    lambda name: st.builds(Clause, st.just(name), st.sampled_from(JUDGEMENTS), st.sampled_from(SCOPES[name]))
)
CLAUSES = st.lists(CLAUSE, max_size=5).map(tuple)
USES = CAPABILITY.flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(TARGETS[name])))
KINDS = st.sampled_from(["shipped", "administrator", "user", "notebook"])
LAYERS = st.lists(st.builds(Layer, KINDS, st.just("a file"), CLAUSES), max_size=5).map(tuple)


@given(LAYERS, CLAUSES, USES)
def test_the_result_is_never_looser_than_any_file_of_the_administrator(layers, session, use):
    policy = Policy(layers, Session(session), folder=Path("/work"))

    for layer in layers:
        if layer.kind == "administrator" and (least := layer.says(*use, Path("/work"))):
            assert stricter(policy.decide(*use), least) == policy.decide(*use)


@given(LAYERS, CLAUSES, USES)
def test_no_deny_of_a_persons_file_is_lifted(layers, session, use):
    denied = any(
        layer.kind in ("user", "notebook") and layer.says(*use, Path("/work")) == "deny" for layer in layers
    )

    assert not denied or Policy(layers, Session(session), folder=Path("/work")).decide(*use) == "deny"


@given(LAYERS, CLAUSES, USES, st.data())
def test_making_a_clause_stricter_never_makes_the_result_looser(layers, session, use, data):
    layers = (*layers, Layer("session", "", session))
    spoken = [(at, place) for at, layer in enumerate(layers) for place in range(len(layer.clauses))]
    if not spoken:
        return
    at, place = data.draw(st.sampled_from(spoken))
    clauses = list(layers[at].clauses)
    old = clauses[place]
    new = data.draw(st.sampled_from([j for j in JUDGEMENTS if STRICTNESS[j] >= STRICTNESS[old.judgement]]))
    clauses[place] = Clause(old.capability, new, old.scope)
    changed = [*layers]
    changed[at] = Layer(layers[at].kind, "", tuple(clauses))

    before = Policy(layers[:-1], Session(layers[-1].clauses), folder=Path("/work")).decide(*use)
    after = Policy(tuple(changed[:-1]), Session(changed[-1].clauses), folder=Path("/work")).decide(*use)

    assert STRICTNESS[after] >= STRICTNESS[before]


@given(LAYERS, CLAUSES, USES)
def test_a_target_that_is_not_known_is_allowed_only_where_no_known_one_is_stricter(layers, session, use):
    policy = Policy(layers, Session(session), folder=Path("/work"))

    assert policy.decide(use[0], None) != "allow" or policy.decide(*use) == "allow"


def test_the_shipped_policies_speak_of_every_capability() -> None:
    shipped = Policy.load().layers[0]

    assert {clause.capability for clause in shipped.clauses} == set(CAPABILITIES)
    assert SHIPPED.name == "policies"


def test_only_an_administrator_sets_limits_and_they_are_checked(tmp_path: Path) -> None:
    file = written(tmp_path, '[limits]\napproval = "ask"\nbudget = 500\nprivacy = "schema"')
    caps = Policy.load(administrator=file).caps

    assert [caps.beyond("budget", tokens) != "" for tokens in (0, 400, 501)] == [True, False, True]
    assert [caps.beyond("approval", each) != "" for each in ("ask", "auto")] == [False, True]
    assert [caps.beyond("privacy", each) != "" for each in ("names", "schema", "stats")] == [
        False,
        False,
        True,
    ]
    assert caps.beyond("max_steps", 99) == ""
    assert "approval ask" in caps.words
    with pytest.raises(PolicyError, match="administrator"):
        Policy.load(user=file)


@pytest.mark.parametrize("wrong", ["budget = 0", 'privacy = "all"', "speed = 1", 'max_steps = "many"'])
def test_a_limit_that_makes_no_sense_is_named(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(PolicyError, match=f"limits.{wrong.partition(' ')[0]}"):
        Policy.load(administrator=written(tmp_path, f"[limits]\n{wrong}"))

"""What one run may use: held to the targets that were approved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from caveagent_magic.events import Capability, Effect, Finding, Verdict
from caveagent_magic.security.policies.clauses import Clause
from caveagent_magic.security.policies.grants import Grants
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.policies.said import Session


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def approved(*found: tuple[Capability, str], policy: Policy | None = None) -> Grants:
    """The grants of a verdict with such findings."""
    findings = tuple(Finding("CAVE000", name, "", 1, 0, 1, 0, target) for name, target in found)
    return replace(Grants.of(Verdict("ask", findings), policy or Policy.load()), resolve=looked_up)


def looked_up(host: str) -> frozenset[str]:
    """The one host there is."""
    return frozenset(["93.184.216.34"] if host == "api.example.org" else [])


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("out/report.csv", True),
        ("out/report.csv.tmp", True),  # written first, then renamed
        ("out", True),  # made on the way
        ("out/other.csv", False),
        ("report.csv", False),
        ("/root/.bashrc", False),
        ("/", False),
    ],
)
def test_a_run_may_write_what_was_approved_and_nothing_else(target: str, allowed: bool) -> None:
    assert approved(("write_file", "out/report.csv")).allows("write_file", target) is allowed


def test_one_capability_does_not_grant_another() -> None:
    grants = approved(("write_file", "out/report.csv"))

    assert not grants.allows("delete_file", "out/report.csv")
    assert not grants.allows("process", "rm")


def test_a_target_that_was_not_known_grants_all_but_what_is_denied() -> None:
    policy = Policy.load(session=Session((Clause("write_file", "deny", "data/"),)))
    grants = approved(("write_file", ""), policy=policy)

    assert grants.allows("write_file", "anywhere.csv")
    assert not grants.allows("write_file", "data/sales.csv")


def test_a_name_whose_end_was_not_known_grants_its_folder() -> None:
    grants = approved(("write_file", "out/…"))

    assert grants.allows("write_file", "out/north.csv")
    assert not grants.allows("write_file", "north.csv")


def test_what_the_policy_allows_needs_no_finding() -> None:
    grants = approved(policy=Policy.load(session=Session((Clause("read_file", "allow", "/data/"),))))

    assert grants.allows("read_file", "/data/a.csv")
    assert not grants.allows("read_file", "/other/a.csv")


def test_a_link_made_while_running_leads_nowhere_else(tmp_path: Path) -> None:
    grants = approved(("write_file", "out/report.csv"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")

    assert not grants.allows("write_file", "elsewhere/other.csv")


def test_working_elsewhere_does_not_move_what_was_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants = approved(("write_file", "report.csv"))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    assert grants.allows("write_file", "report.csv")
    assert not grants.allows("write_file", str(tmp_path / "sub" / "report.csv"))


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("api.example.org", True),  # its name is looked up
        ("api.example.org:443", True),
        ("93.184.216.34:443", True),  # then its address is connected to
        ("169.254.169.254:80", False),  # which is not one of the host's
        ("evil.test", False),
        ("10.0.0.1", False),  # an address that is looked up is one that was written
    ],
)
def test_a_run_talks_to_the_hosts_that_were_approved(target: str, allowed: bool) -> None:
    assert approved(("network", "api.example.org")).allows("network", target) is allowed


def test_a_host_that_was_approved_for_one_port_is_not_reached_by_its_address_at_another() -> None:
    grants = approved(("network", "api.example.org:443"))

    assert [grants.allows("network", f"93.184.216.34:{port}") for port in (443, 22)] == [True, False]


def test_a_host_of_an_allowed_family_is_reached_once_it_was_looked_up() -> None:
    policy = Policy.load(session=Session((Clause("network", "allow", "*.example.org"),)))
    grants = approved(policy=policy)

    asked = [grants.allows("network", each) for each in ("93.184.216.34:443", "api.example.org:443")]

    assert [*asked, grants.allows("network", "93.184.216.34:443")] == [False, True, True]


def test_a_proxy_of_the_machine_is_on_the_way_to_every_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy.corp.test:3128")

    assert approved(("network", "api.example.org")).allows("network", "proxy.corp.test")
    assert approved(("network", "api.example.org")).allows("network", "proxy.corp.test:3128")
    assert not approved(("write_file", "")).allows("network", "proxy.corp.test")


def test_an_address_that_was_approved_is_not_another_address() -> None:
    grants = approved(("network", "127.0.0.1:8080"))

    assert grants.allows("network", "127.0.0.1:8080")
    assert not grants.allows("network", "169.254.169.254:80")


def test_an_address_that_is_denied_is_refused_whatever_name_led_there() -> None:
    policy = Policy.load(session=Session((Clause("network", "deny", "169.254.169.254"),)))

    assert not approved(("network", "api.example.org"), policy=policy).allows("network", "169.254.169.254:80")


def test_a_host_that_is_allowed_where_all_else_is_denied_is_reached() -> None:
    policy = Policy.load(
        session=Session((Clause("network", "deny"), Clause("network", "allow", "api.example.org")))
    )
    grants = approved(policy=policy)

    targets = ("api.example.org:443", "93.184.216.34:443", "evil.test:443")

    assert [grants.allows("network", target) for target in targets] == [True, True, False]


def test_a_capability_whose_names_say_no_target_is_granted_whole() -> None:
    grants = approved(("process", "subprocess.run"))

    assert grants.allows("process", "git status")
    assert not grants.allows("native", "mmap")


def test_what_the_rehearsal_showed_is_granted_and_nothing_else(tmp_path: Path) -> None:
    shown = (Effect("write_file", str(tmp_path / "other.csv"), False), Effect("delete_file", "", False))
    grants = Grants.of(Verdict("ask"), Policy.load(), shown)

    assert grants.allows("write_file", "other.csv")
    assert not grants.allows("write_file", "third.csv")
    assert not grants.allows("delete_file", "other.csv")


def test_what_the_rehearsal_showed_is_not_granted_against_a_deny(tmp_path: Path) -> None:
    policy = Policy.load(session=Session((Clause("write_file", "deny", "data/"),)))
    shown = (Effect("write_file", str(tmp_path / "data" / "sales.csv"), False),)

    assert not Grants.of(Verdict("ask"), policy, shown).allows("write_file", "data/sales.csv")

"""What one run may use: the capabilities of its verdict, each held to the targets that were approved."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from caveagent_magic.events import Capability, Effect, Finding, Verdict
from caveagent_magic.frozen import frozen
from caveagent_magic.security.policies.lookup import addresses, plain_address
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.policies.scopes import CUT, TARGETED, real, within

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


@frozen(eq=False)
class Grants:
    """What approving a verdict grants, and what the policy allows anyhow: `guard(grants.allows)`."""

    policy: Policy  # with its folder: where the run began
    found: Mapping[Capability, tuple[str, ...]]  # what the verdict named; "" is a target that is not known
    resolve: Callable[[str], frozenset[str]] = addresses
    reached: set[str] = field(default_factory=set)  # hosts that the run was allowed to look up

    @staticmethod
    def of(verdict: Verdict, policy: Policy, shown: Sequence[Effect] = ()) -> Grants:
        """The grants for the run that begins now, in the working directory.

        `shown` are effects of the rehearsal that the person saw before approving; one that says no target
        says nothing that could be granted.
        """
        found: dict[Capability, tuple[str, ...]] = {}
        named: list[Finding | Effect] = [*verdict.findings, *(each for each in shown if each.target)]
        for each in named:
            found[each.capability] = (*found.get(each.capability, ()), each.target)
        return Grants(replace(policy, folder=policy.folder or Path.cwd()), found)

    def allows(self, capability: Capability, target: str) -> bool:
        """Whether the run may do this; `target` is a path, `host:port`, or words for what has no scope.

        What a policy denies stays denied, whatever was approved without knowing its target.
        """
        approved = self.found.get(capability, ())
        if capability not in TARGETED:
            return bool(approved) or self.policy.decide(capability) == "allow"
        if capability == "network" and _is_address(target):
            return self._allows_address(target, approved)
        allowed = self._allows_target(capability, target, approved)
        if allowed and capability == "network":
            self.reached.add(target)
        return allowed

    def _allows_target(self, capability: Capability, target: str, approved: Sequence[str]) -> bool:
        judgement = self.policy.decide(capability, target)
        if judgement != "ask":
            return judgement == "allow"
        return any(not each or self._meant(capability, target, each) for each in approved)

    def _allows_address(self, target: str, approved: Sequence[str]) -> bool:
        """A connection shows the address alone: it is allowed if it was approved or is a host's that was."""
        if self.policy.names("network", target, "deny"):
            return False
        if any(not each or self._meant("network", target, each) for each in approved):
            return True
        if self.policy.decide("network", target) == "allow":
            return True
        host, _, port = target.rpartition(":")
        address = plain_address(host)
        return any(address in self.resolve(name) for name in self._names(approved, port))

    def _names(self, approved: Sequence[str], port: str) -> Iterator[str]:
        """The hosts that were approved or that the run has looked up, as far as they stand for the port."""
        for each in dict.fromkeys((*self.reached, *approved)):
            host, colon, end = each.rpartition(":")
            name, wanted = (host, end) if colon and end.isdigit() else (each, port)
            if wanted in (port, "0") and not _is_address(f"{name}:{port}") and "*" not in name:
                yield name.partition(":")[0]

    def _meant(self, capability: Capability, target: str, approved: str) -> bool:
        """Whether doing the one is part of what was approved."""
        folder = self.policy.folder or Path.cwd()
        if capability == "network":
            return within(capability, target, approved, folder) != "no" or _is_proxy(target)
        if CUT in approved:
            holds = os.path.dirname(approved.partition(CUT)[0]) or "."
            return within(capability, target, holds, folder) == "yes"
        return _same_file(real(target, folder), real(approved, folder), real(".", folder))


def _same_file(target: Sequence[str], approved: Sequence[str], here: Sequence[str]) -> bool:
    """The file itself, what lies below it, a folder made on the way to it, and siblings made for it.

    Writers add a suffix to a name, write under a temporary name first, or put parts beside the file.
    """
    if list(target[: len(approved)]) == list(approved):
        return True
    if list(approved[: len(target)]) == list(target):
        return len(target) > len(here) and list(target[: len(here)]) == list(here)
    beside = list(target[:-1]) == list(approved[:-1])
    return beside and target[-1].startswith(tuple(f"{approved[-1]}{mark}" for mark in "._-"))


def _is_address(target: str) -> bool:
    """Whether it is an address with its port, and no name."""
    host, colon, port = target.rpartition(":")
    if not colon or not port.isdigit():
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_proxy(target: str) -> bool:
    """Whether the host is the proxy of this machine, through which every other one is reached."""
    proxies = (os.environ.get(name) or os.environ.get(name.upper(), "") for name in PROXIES)
    hosts = {proxy.rpartition("//")[2].rpartition("@")[2].split("/")[0] for proxy in proxies if proxy}
    host = target.rpartition(":")[0] if target.rpartition(":")[2].isdigit() else target
    return host in {each.partition(":")[0] for each in hosts}

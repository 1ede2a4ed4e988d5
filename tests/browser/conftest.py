"""A real JupyterLab on loopback, driven by a real Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artefacts"
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"  # its text is run in the page
LAB = "lab/tree"
CLEAN = """() => {
  document.querySelectorAll('.jp-Dialog button.jp-mod-accept').forEach(button => button.click());
  const shell = window.jupyterapp?.shell;
  [...(shell?.widgets('main') ?? [])].forEach(widget => widget.dispose());
  shell?.collapseRight?.();
  sessionStorage.clear();
}"""
PATIENCE = 90_000  # milliseconds; an upper limit that only a hanging page meets
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> dict[str, Any]:
    """The Chromium of the system where there is one, else playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    return {"executable_path": path} if path else {}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Chromium without a screen."""
    return {"args": FLAGS, **chromium()}


class Lab:
    """A server with its own folders: JupyterLab, or Notebook 7."""

    def __init__(
        self, folder: Path, module: str, options: list[str], address: str, *, extension: bool = True
    ) -> None:
        self.address = address
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir(parents=True)
        extensions = folder / "share" / "labextensions"
        extensions.mkdir(parents=True)
        quiet = folder / "settings" / "@jupyterlab" / "apputils-extension"
        quiet.mkdir(parents=True)
        (quiet / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        (extensions / "caveagent-magic").symlink_to(ROOT / "caveagent_magic" / "labextension")
        if not extension:
            page_config = folder / "config_dir" / "labconfig" / "page_config.json"
            page_config.parent.mkdir(parents=True)
            page_config.write_text('{"disabledExtensions": {"caveagent-magic": true}}')
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.token, self.url = secrets.token_hex(8), f"http://127.0.0.1:{port}"
        places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        environment = {
            **os.environ,
            **{f"JUPYTER_{place}": str(folder / place.lower()) for place in places},
            "JUPYTER_PATH": str(folder / "share"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
            "XDG_DATA_HOME": str(folder / "data"),  # what leaves is not written into the person's own ledger
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_API_KEY": "",
        }
        self.log = folder / "lab.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", module, "--no-browser", "--allow-root", "--ip=127.0.0.1",
                    f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
                    f"--ServerApp.root_dir={self.notebooks}", *options,
                ],
                stdout=log, stderr=subprocess.STDOUT, env=environment,
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=2).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-3000:]
                time.sleep(0.1)
        raise AssertionError(self.log.read_text()[-3000:])

    def write(self, name: str, *cells: str) -> None:
        """Make a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.notebooks / name)

    def replies(self, name: str, *texts: str, **options: object) -> str:
        """Write down what the model replies; returns the name of that model."""
        path = self.notebooks / f"{name}.md"
        head = "<!-- reply" + "".join(f' {key}="{value}"' for key, value in options.items()) + " -->"
        path.write_text("".join(f"{head}\n{text.strip()}\n" for text in texts))
        return f"recorded:{path}"

    @property
    def settings(self) -> Path:
        """The person's settings of our side panel, as JupyterLab keeps them."""
        return self.log.parent / "settings" / "caveagent-magic" / "side-panel.jupyterlab-settings"

    def read(self, name: str) -> nbformat.NotebookNode:
        """The notebook as it is saved."""
        return nbformat.read(self.notebooks / name, as_version=4)

    def shut_kernels_down(self) -> None:
        """End every kernel of the server; one that is just being restarted refuses at first."""
        while sessions := self.api("/api/sessions"):
            for session in sessions:
                with contextlib.suppress(urllib.error.HTTPError):
                    self.api(f"/api/sessions/{session['id']}", "DELETE")

    def api(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Notebook:
    """An open notebook in a page."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name
        page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, *, kernel: bool = True, reload: bool = False) -> Notebook:
        """Go there and wait until it is usable; a JupyterLab that is there already only opens a tab."""
        if reload or self.lab.address != LAB or not self.page.url.startswith(self.lab.url):
            self.page.goto(f"{self.lab.url}/{self.lab.address}/{self.name}?token={self.lab.token}&reset")
        else:
            self.page.evaluate(
                "path => void window.jupyterapp.commands.execute('docmanager:open', { path })",
                self.name,
            )
        return self.opened(kernel=kernel)

    def opened(self, *, kernel: bool = True) -> Notebook:
        """Wait until it is there and usable."""
        self.page.wait_for_function(
            "name => window.jupyterapp?.shell?.currentWidget?.context?.path === name"
            " && window.jupyterapp.shell.currentWidget.content.widgets.length",
            arg=self.name,
            timeout=PATIENCE,
        )
        self.cell(0).wait_for()
        if kernel:
            self.page.wait_for_function(
                "() => { const k = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;"
                " return k && k.status === 'idle' && k.connectionStatus === 'connected'; }",
                timeout=PATIENCE,
            )
        return self

    def run(self, index: int, *, wait: bool = True) -> None:
        """Run a cell."""
        self.page.evaluate(
            "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i;"
            " void window.jupyterapp.commands.execute('notebook:run-cell'); }",
            index,
        )
        if wait:
            self.wait(index)

    def wait(self, index: int) -> None:
        """Wait until a cell has finished."""
        self.page.wait_for_function(
            "i => { const m = window.jupyterapp.shell.currentWidget.content.widgets[i].model;"
            " return m.executionCount !== null && m.executionState === 'idle'; }",
            arg=index,
            timeout=PATIENCE,
        )

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def side_panel(self) -> Any:
        """Open the side panel."""
        self.page.evaluate("() => window.jupyterapp.shell.activateById('caveagent-magic')")
        return self.page.locator("#caveagent-magic")

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'",
            timeout=PATIENCE,
        )

    def cell(self, index: int) -> Any:
        """A cell of the notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def button(self, index: int, name: str) -> Any:
        """A button of a cell's panel."""
        return self.cell(index).get_by_role("button", name=name, exact=True)

    def output(self, index: int) -> str:
        """What an ordinary cell put out, as text."""
        return str(self.cell(index).locator(".jp-OutputArea-output").first.inner_text())

    def theme(self, name: str) -> None:
        """Light or Dark."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {name}",
        )
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(name == "Light").lower()
        )
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def violations(self, where: str) -> list[tuple[str, list[str]]]:
        """What axe-core finds wrong with a part of the page."""
        self.page.wait_for_timeout(300)  # colours change with a transition, and axe would see them half-way
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("async where => (await axe.run(where)).violations", where)
        return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]

    def picture(self, name: str) -> Path:
        """Keep a screenshot."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


@pytest.fixture(scope="module")
def tab(browser: Any):
    """One page for the tests of a file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Any):
    """The page of the file, as it was before the test."""
    yield tab
    tab.unroute_all()
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.evaluate(CLEAN)


@pytest.fixture
def lab(server: Lab):
    """JupyterLab, with no kernel left of another test."""
    yield server
    server.shut_kernels_down()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory):
    """One server for all tests."""
    options = ["--LabApp.expose_app_in_browser=True"]
    server = Lab(tmp_path_factory.mktemp("lab"), "jupyterlab", options, LAB)
    yield server
    server.close()


@pytest.fixture(scope="session")
def notebook_seven(tmp_path_factory: pytest.TempPathFactory):
    """A server of Notebook 7."""
    options = ["--JupyterNotebookApp.expose_app_in_browser=True"]
    server = Lab(tmp_path_factory.mktemp("seven"), "notebook", options, "notebooks")
    yield server
    server.close()


@pytest.fixture(scope="session")
def bare_server(tmp_path_factory: pytest.TempPathFactory):
    """A server of JupyterLab where our extension is not installed."""
    options = ["--LabApp.expose_app_in_browser=True"]
    server = Lab(tmp_path_factory.mktemp("bare"), "jupyterlab", options, LAB, extension=False)
    yield server
    server.close()

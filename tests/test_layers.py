"""The layers of ARCHITECTURE.md hold: who may import whom, and what the core never imports."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "caveagent_magic"
LAYERS = {"checks", "semantic", "models", "injection", "security", "rehearsal", "observation"}
GROUND = {"events", "errors", "frozen", "pattern", ""}
MAY_IMPORT = {
    **{layer: {layer, *GROUND} for layer in LAYERS},
    "events": {"frozen"},
    "frozen": set(),
    "pattern": set(),
    "errors": set(),
    "__init__": {"injection", "shell"},
    "ports": LAYERS | GROUND | {"egress"},
    "egress": LAYERS | GROUND | {"egress", "ports"},
    "record": LAYERS | GROUND | {"ports", "record"},
    "export": LAYERS | GROUND | {"record", "export"},
    "step": LAYERS | GROUND | {"egress", "ports", "step"},
    "session": LAYERS | GROUND | {"egress", "ports", "step"},
    "shell": LAYERS | GROUND | {"egress", "export", "ports", "record", "session", "shell"},
}
JUPYTER = {"IPython", "ipykernel", "comm", "anywidget", "ipywidgets", "traitlets", "jupyter_client", "zmq"}
DATA_LIBRARIES = {"pandas", "numpy", "polars", "pyarrow", "matplotlib", "scipy", "sklearn"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports_of(path):
    """Absolute module names imported anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module
            if node.module == "caveagent_magic":
                yield from (f"caveagent_magic.{alias.name}" for alias in node.names)


def room_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_layer_may(path):
    own = [
        name.split(".")[1] if "." in name else ""
        for name in imports_of(path)
        if name.startswith("caveagent_magic")
    ]
    own = [name for name in own if name != "__version__"]

    assert set(own) <= MAY_IMPORT[room_of(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_imports_the_libraries_of_the_person_and_only_the_shell_imports_jupyter(path):
    foreign = {name.split(".")[0] for name in imports_of(path)}
    if path.name == "__init__.py" and path.parent == PACKAGE:
        foreign -= {"IPython"}  # for type checking only

    assert foreign & DATA_LIBRARIES == set()
    assert room_of(path) == "shell" or foreign & JUPYTER == set()


SOURCES = Path(__file__).parents[1] / "labextension" / "src"
FRONT_END = {"protocol": 0, "trace": 1, "render": 2, "panel": 3, "undo": 3, "lab": 3}


@pytest.mark.parametrize(
    "path", sorted(SOURCES.rglob("*.ts")), ids=lambda path: str(path.relative_to(SOURCES))
)
def test_the_front_end_imports_go_one_way_and_only_lab_knows_jupyterlab(path):
    room = path.relative_to(SOURCES).with_suffix("").parts[0].split(".")[0]
    text = path.read_text()
    modules = re.findall(r"""(?:from|import)\s+['"]([^'"]+)['"]""", text)
    own = [(path.parent / module).resolve() for module in modules if module.startswith(".")]
    rooms = {
        module.relative_to(SOURCES).parts[0].split(".")[0] for module in own if SOURCES in module.parents
    }

    assert all(FRONT_END[other] < FRONT_END[room] or other == room for other in rooms if room in FRONT_END)
    assert room == "lab" or not [
        module for module in modules if module.startswith(("@jupyterlab/", "@lumino/"))
    ]

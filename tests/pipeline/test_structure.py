"""Who may import whom, what stays free of torch, and that files stay readable."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "foretaste"

LINES = {
    "contracts": 1, "settings": 1, "pipeline": 1, "losses": 1, "adapters": 1,
    "kitchen": 2, "tasks": 2, "openie": 2, "text": 2, "annotations": 2, "video": 2, "models": 2, "scores": 2,
    "sharing": 2,
    "features": 3,
    "views": 4,
    "training": 5, "evaluation": 5,
    "report": 6, "doctor": 6, "prediction": 6,
    "stages": 7, "tools": 7,
}  # fmt: skip

#: Rooms of the first line that others of that line may use: errors and settings are everybody's.
SHARED = {
    ("settings", "contracts"),
    ("pipeline", "contracts"),
    ("pipeline", "settings"),
    ("losses", "contracts"),
    ("losses", "settings"),
    ("adapters", "contracts"),
    ("adapters", "settings"),
}

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_above_its_line(path):
    room = path.relative_to(PACKAGE).parts[0]
    for name in imported(path):
        if name.startswith("foretaste."):
            other = name.split(".")[1]
            allowed = other == room or (room, other) in SHARED or LINES[other] < LINES[room]
            assert allowed, f"{path}: {room} (line {LINES[room]}) imports {name} (line {LINES[other]})"


def modules_imported(path: Path) -> set[str]:
    """The modules of the package that a file imports, wherever in it, for types alone, too."""
    known, found = {name_of(one) for one in PACKAGE.rglob("*.py")}, set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known


def name_of(path: Path) -> str:
    return ".".join(("foretaste", *path.relative_to(PACKAGE).with_suffix("").parts))


def test_no_modules_import_each_other_in_a_circle():
    graph = {name_of(path): modules_imported(path) for path in PACKAGE.rglob("*.py")}
    assert len(graph) > 300 and graph["foretaste.pipeline.plan"]
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_every_room_has_a_line():
    folders = [path for path in PACKAGE.iterdir() if path.is_dir() and not path.is_symlink()]
    assert {path.name for path in folders if path.name != "__pycache__"} == set(LINES)


@pytest.mark.parametrize("family", ["models", "losses", "adapters", "views", "annotations"])
def test_members_of_a_family_do_not_import_each_other(family):
    from foretaste.settings.families import members

    names = set(members(family))
    for member in names:
        others = {f"foretaste.{family}.{other}" for other in names - {member}}
        assert not others & imported(PACKAGE / family / f"{member}.py"), f"{member} imports another member"


def test_the_workflow_does_not_import_torch():
    code = (
        "import sys, foretaste.pipeline.rules, foretaste.pipeline.running, foretaste.__main__; assert 'torch'"
        " not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stages_without_a_network_do_not_import_torch():
    """It takes longer than most of them work."""
    stages = ("average", "evaluate", "make_kitchen", "probe_videos", "read_annotations", "report")
    modules = ", ".join(f"foretaste.stages.{stage}" for stage in stages)
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_hold_one_idea(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 305, f"{path} has {lines} lines: it may hold more than one idea"


def test_nothing_is_a_pickle_or_a_quiet_failure():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path}:{node.lineno}: bare except"
            if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
                assert (node.arg, node.value.value) not in {
                    ("strict", False),
                    ("shell", True),
                    ("weights_only", False),
                    ("allow_pickle", True),
                }, f"{path}:{node.value.lineno}: {node.arg}={node.value.value}"
        assert not {"pickle", "dill", "joblib", "cloudpickle"} & imported(path), f"{path} imports a pickler"

"""The shape of the project: which way imports point, and that the public names are declared."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("calibration", "configs", "reid", "tracker")
MAY_IMPORT = {
    "configs": {"configs"},
    "calibration": {"configs", "calibration"},
    "reid": {"configs", "reid"},
    "tracker": {"configs", "calibration", "reid", "tracker"},
}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    parts = path.relative_to(ROOT).parts
    names = imported_modules(path)
    foreign = {name.split(".")[0] for name in names} & {*PACKAGES, "tools", "tests"}
    assert foreign <= MAY_IMPORT[parts[0]]
    may_use_torch = parts[0] == "reid" and parts[1] in {"models", "training"}
    if not may_use_torch:
        assert not {name for name in names if name.split(".")[0] in {"torch", "torchvision"}}
        assert not {name for name in names if name.startswith(("reid.models", "reid.training"))}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_names_are_declared(path):
    tree = ast.parse(path.read_text())
    declared = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        == "__all__"
    ]
    if len(tree.body) > 1:  # more than a docstring
        assert len(declared) == 1
        assert len(set(declared[0])) == len(declared[0])  # ruff keeps them sorted


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_private_names_stay_in_their_module(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not [a.name for a in node.names if a.name.startswith("_")]

"""Kernels: what they compute, and what their kept code relies on."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from configs.compiling import kernel

ROOT = Path(__file__).parents[1]
MODULES = sorted([*(ROOT / "tracker").rglob("*.py"), *(ROOT / "reid").rglob("*.py")])


@kernel("f8(f8)")
def half(x):
    """Half of it."""
    return x / 2


@kernel("f8[::1](f8[::1])")
def halves(numbers):
    out = np.empty(len(numbers))
    for k in range(len(numbers)):
        out[k] = half(numbers[k]) / 0 if numbers[k] < 0 else half(numbers[k])
    return out


def test_kernels_call_kernels_and_divide_as_numpy_does():
    assert half.__doc__ == "Half of it."
    assert halves(np.array([3.0, -1.0])).tolist() == [1.5, -np.inf]
    assert halves(np.zeros(0)).shape == (0,)


def test_other_arguments_are_refused():
    with pytest.raises(TypeError, match="No matching definition"):
        halves(np.zeros((2, 2))[:, 0])


def test_where_no_code_can_be_kept_it_is_compiled_all_the_same():
    names = {}
    exec("def double(x):\n    return 2 * x", names)  # has no file, so no folder for its code
    assert kernel("i8(i8)")(names["double"])(21) == 42


def test_nothing_waits_for_the_compiler_that_does_not_track():
    code = "import sys, tracker.cli; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_kernels_use_nothing_of_other_modules(path):
    """Numba takes kept code for current as long as the kernel's own file is the same."""
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module not in {"math", "numpy"}
        for alias in node.names
    }
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and any(
            isinstance(mark, ast.Call) and ast.unparse(mark.func) == "kernel"
            for mark in function.decorator_list
        ):
            body = [node for line in function.body for node in ast.walk(line)]
            used = {node.id for node in body if isinstance(node, ast.Name)}
            assert not used & imported

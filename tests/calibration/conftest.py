"""The small world of people, for every test here."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def people():
    """The module `people.py` beside this file."""
    spec = importlib.util.spec_from_file_location("people", Path(__file__).with_name("people.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""The public face: names, docstrings, and what importing costs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from dataclasses import fields

import pytest

import dedup

HEAVY = ("numba", "pyarrow", "jieba", "datasketch", "rich", "numpy")
FUNCTIONS = [name for name in dedup.__all__ if inspect.isfunction(getattr(dedup, name))]


def documented(section: str, docstring: str) -> list[str]:
    """Names listed in a numpydoc section."""
    match = re.search(rf"^{section}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", inspect.cleandoc(docstring), re.M | re.S)
    if not match:
        return []
    return [name for line in re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", match[1], re.M) for name in line.split(", ")]


@pytest.mark.parametrize("name", dedup.__all__)
def test_public__every_name_exists_and_is_documented(name: str) -> None:
    assert getattr(dedup, name).__doc__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public__docstrings_name_every_parameter(name: str) -> None:
    function = getattr(dedup, name)
    listed = documented("Parameters", function.__doc__)
    assert [p for p in inspect.signature(function).parameters if p not in ("view", "tokens")] == [
        p for p in listed if p not in ("view", "tokens")
    ]


def test_config__documents_every_field_in_order() -> None:
    assert documented("Parameters", dedup.Config.__doc__ or "") == [
        *dict.fromkeys(field.name for field in fields(dedup.Config))
    ]


def test_public__unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError):
        _ = dedup.nothing  # type: ignore[attr-defined]
    assert set(dedup.__all__) <= set(dir(dedup))


@pytest.mark.parametrize("code", ["import dedup", "import dedup.cli"])
def test_import__loads_nothing_heavy(code: str) -> None:
    script = f"{code}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help__loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom dedup.cli import app\nsys.argv = ['dedup', '--help']\n"
        f"try:\n    app()\nexcept SystemExit:\n    pass\nprint([n for n in {HEAVY!r} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")

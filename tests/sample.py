"""The committed sample as fixtures (a plugin named in pyproject.toml, beside conftest.py)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "corpus" / "sample"


@pytest.fixture(scope="session")
def sample_records() -> list[dict[str, str]]:
    """Every record of the committed sample, in the order in which a run reads them."""
    lines = [line for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def sample_texts(sample_records: list[dict[str, str]]) -> list[str]:
    return [record["text"] for record in sample_records]

"""Finds copies and near copies in large collections, proves every link, and writes the collection without them.

The public names load on first use (PEP 562): ``import dedup`` itself imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedup.batch import dedupe, find_templates
    from dedup.comparison import Comparison, compare
    from dedup.config import Config
    from dedup.documents.normalise import normalise
    from dedup.errors import Cancelled, ConfigError, DedupError, InputError, MissingExtra, OutputError
    from dedup.fingerprints.sketch import minhashes
    from dedup.result import Result
    from dedup.stages import Progress
    from dedup.templates.model import Template

__version__ = "0.1.0"

_HOMES = {
    "Cancelled": "dedup.errors",
    "Comparison": "dedup.comparison",
    "Config": "dedup.config",
    "ConfigError": "dedup.errors",
    "DedupError": "dedup.errors",
    "InputError": "dedup.errors",
    "MissingExtra": "dedup.errors",
    "OutputError": "dedup.errors",
    "Progress": "dedup.stages",
    "Result": "dedup.result",
    "Template": "dedup.templates.model",
    "compare": "dedup.comparison",
    "dedupe": "dedup.batch",
    "find_passages": "dedup.batch",
    "find_templates": "dedup.batch",
    "passages": "dedup.repeats",
    "Passage": "dedup.repeats",
    "Occurrence": "dedup.repeats",
    "minhashes": "dedup.fingerprints.sketch",
    "normalise": "dedup.documents.normalise",
}

__all__ = [
    "Cancelled",
    "Comparison",
    "Config",
    "ConfigError",
    "DedupError",
    "InputError",
    "MissingExtra",
    "OutputError",
    "Progress",
    "Result",
    "Template",
    "compare",
    "dedupe",
    "find_templates",
    "minhashes",
    "normalise",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'dedup' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""What a run can be told: one frozen, checked, digestible `Config`."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from dedup.errors import ConfigError

KEEP_RULES = ("first", "longest", "newest", "cleanest", "order")
TOKENS = ("auto", "word")
WRITES = ("kept", "annotated", "both", "none")
BOILERPLATE = ("off", "auto")  # anything else is a file
UNITS = ("page", "piece")
LABELS = ("exact", "near", "templated", "partial")  # that can be removed; `dedup.tables` has them all

# Fields that change how a run goes, not what it finds.
_EFFORT = ("threads",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings of a run. Every field is also a flag of ``dedup run`` and a key of a TOML file.

    Parameters
    ----------
    text : str, default ""
        Field that holds the text; several joined by a comma (``title,body``) are put together with line ends.
        Empty: guessed per file and announced.
    id : str, default ""
        Field that holds the identifier. Empty: guessed; without one a document is called ``file:line``.
    encoding : str, default ""
        Encoding of the input. Empty: UTF-8, and for text files also UTF-16, GB18030 and Big5 by their content.
    tokens : {"auto", "word"}, default "auto"
        What a shingle is made of: characters of scripts without spaces and words of others, or words throughout
        (Han runs are cut by rjieba, or jieba; tens of times slower).
    n : int, default 5
        Tokens per shingle.
    threshold : float, default 0.7
        Least Jaccard similarity of the shingle sets of two linked documents.
    recall : float, default 0.99
        Probability with which a pair at the threshold is found; decides the bands.
    k : int, default 256
        Values per sketch, a power of two.
    bands, rows : int, default 0
        The bands, chosen by hand; 0 leaves the choice to `recall`.
    seed : int, default 1
        Seed of all hashing and sampling.
    keep : str, default "first"
        Which copy stays: ``first``, ``longest``, ``cleanest``, ``newest:FIELD``, ``order:FIELD=a,b,c``.
    within : str, default ""
        Only documents with equal values of this field are compared.
    write : {"kept", "annotated", "both", "none"}, default "kept"
        Which collections are written: ``kept/`` and ``removed/``, ``annotated/``, both, or none.
    unit : {"page", "piece"}, default "page"
        What a document is: a whole record, or each piece of one that is a collection of texts.
    boilerplate : str, default "off"
        Lines that belong to the site are set aside: ``off``, ``auto`` (they are counted first), or the
        ``boilerplate.jsonl`` of an earlier run.
    source : str, default ""
        Field that names the site of a record, for `boilerplate`; empty: all records are of one.
    passages : bool, default False
        Also find what stands in several places: ``passages.jsonl``, and pairs labelled partial.
    length : int, default 50
        Least tokens of a passage.
    cap : int, default 100
        Most documents a passage may stand in; what stands in more is counted and left out.
    identity : float, default 0.85
        Least share of equal tokens of two occurrences of a passage; 1: only exact ones.
    cut : bool, default False
        Also write ``cut/``: the collection without what stands in it before, pieces or passages.
    templates : bool, default False
        Also find texts that were filled into one template: ``templates.jsonl``, and a table of the values of each.
    remove : str, default "exact,near"
        Labels of the documents that are removed, of exact, near, templated, partial.
    html : bool, default False
        The text fields hold HTML; the main text is taken out of it.
    audit : int, default 1000
        Documents that are compared with all others by brute force to measure the recall; 0: none.
    threads : int, default 0
        Worker threads; 0: one per core. Never changes the result.

    Raises
    ------
    ConfigError
        If a value cannot be used.
    """

    text: str = ""
    id: str = ""
    encoding: str = ""
    tokens: str = "auto"
    n: int = 5
    threshold: float = 0.7
    recall: float = 0.99
    k: int = 256
    bands: int = 0
    rows: int = 0
    seed: int = 1
    keep: str = "first"
    within: str = ""
    write: str = "kept"
    unit: str = "page"
    boilerplate: str = "off"
    source: str = ""
    passages: bool = False
    length: int = 50
    cap: int = 100
    identity: float = 0.85
    cut: bool = False
    templates: bool = False
    remove: str = "exact,near"
    html: bool = False
    audit: int = 1000
    threads: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = {"str": str, "int": int, "float": (int, float), "bool": bool}[str(field.type)]
            if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):  # type: ignore[arg-type]
                raise ConfigError(f"{field.name} = {value!r}: a value of type {field.type} is needed")
        _check(0 < self.threshold <= 1, "threshold", self.threshold, "above 0 and at most 1")
        _check(0 < self.recall < 1, "recall", self.recall, "between 0 and 1, such as 0.99")
        _check(1 <= self.n <= 64, "n", self.n, "1 to 64")
        _check(16 <= self.k <= 4096 and self.k & (self.k - 1) == 0, "k", self.k, "a power of two from 16 to 4096")
        _check(0 <= self.seed < 2**31, "seed", self.seed, "0 to 2147483647")
        _check(self.audit >= 0, "audit", self.audit, "0 or more")
        _check(0 <= self.threads <= 256, "threads", self.threads, "0 to 256")
        _check(self.tokens in TOKENS, "tokens", self.tokens, " or ".join(TOKENS))
        _check(self.write in WRITES, "write", self.write, ", ".join(WRITES))
        _check(self.unit in UNITS, "unit", self.unit, " or ".join(UNITS))
        _check(bool(self.boilerplate), "boilerplate", self.boilerplate, "off, auto or a file")
        _check(16 <= self.length <= 100_000, "length", self.length, "16 to 100000 tokens")
        _check(2 <= self.cap <= 1_000_000, "cap", self.cap, "2 to 1000000")
        _check(0.5 <= self.identity <= 1, "identity", self.identity, "0.5 to 1")
        self.removed_labels()
        _check((self.bands > 0) == (self.rows > 0), "bands, rows", (self.bands, self.rows), "both given or neither")
        _check(
            self.bands >= 0 and self.rows >= 0 and self.bands * self.rows <= self.k,
            "bands × rows",
            self.bands * self.rows,
            f"at most k = {self.k}",
        )
        self.keep_rule()

    def keep_rule(self) -> tuple[str, str, tuple[str, ...]]:
        """`keep` taken apart: the rule's name, its field, the field's values from best to worst."""
        name, _, rest = self.keep.partition(":")
        field, _, listed = rest.partition("=")
        values = tuple(listed.split(",")) if listed else ()
        good = name in KEEP_RULES and bool(field) == (name in ("newest", "order")) and bool(values) == (name == "order")
        _check(good, "keep", self.keep, "first, longest, cleanest, newest:FIELD or order:FIELD=a,b,c")
        return name, field, values

    def text_fields(self) -> tuple[str, ...]:
        """The names in `text`; empty if they are to be guessed."""
        return tuple(name.strip() for name in self.text.split(",") if name.strip())

    def removed_labels(self) -> tuple[str, ...]:
        """The labels in `remove`."""
        labels = tuple(label.strip() for label in self.remove.split(",") if label.strip())
        good = "exact" in labels and set(labels) <= set(LABELS)
        _check(good, "remove", self.remove, f"exact and any of {', '.join(LABELS[1:])}, joined by commas,")
        return labels

    def other_fields(self) -> tuple[str, ...]:
        """The fields that `within`, `keep` and `source` need, each once."""
        source = self.source if self.boilerplate != "off" else ""
        return tuple(dict.fromkeys(name for name in (self.within, self.keep_rule()[1], source) if name))

    def digest(self) -> str:
        """A hash of everything that can change the result."""
        values = {name: value for name, value in asdict(self).items() if name not in _EFFORT}
        if self.boilerplate not in BOILERPLATE:
            values["boilerplate"] = _digest_of(self.boilerplate)
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)

    def with_(self, **changes: Any) -> Config:
        """A copy with some settings changed."""
        return replace(self, **changes)


def _digest_of(path: str) -> str:
    """A hash of what a file holds, so that a table under another name is the same setting, and a changed one is not."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"boilerplate = {path!r}: off, auto or a file is needed; {error.strerror}") from None


def _check(good: bool, name: str, value: object, wanted: str) -> None:
    if not good:
        raise ConfigError(f"{name} = {value!r}: {wanted} is needed")


def read_config(path: str | Path, more: Iterable[str] = ()) -> dict[str, Any]:
    """Settings of a TOML file, or of the ``run.json`` of an earlier run.

    Parameters
    ----------
    path : path
    more : iterable of str
        Keys that may stand in it besides the fields of `Config`.

    Raises
    ------
    ConfigError
        If the file cannot be read, or holds a key that is no setting.
    """
    path = Path(path)
    try:
        raw = path.read_bytes().decode()
        values: Mapping[str, Any] = json.loads(raw) if path.suffix == ".json" else tomllib.loads(raw)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as settings: {error}") from None
    if path.suffix == ".json" and isinstance(values, dict):
        values = values.get("config", values)
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds no settings; a table of keys such as threshold = 0.7 is needed")
    known = {*(field.name for field in fields(Config)), *more}
    for name in values:
        if name not in known:
            raise ConfigError(f"{path}: {name} is no setting; these are: {', '.join(sorted(known))}")
    return dict(values)

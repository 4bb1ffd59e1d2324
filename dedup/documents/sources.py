"""What was named on the command line → the files to read, each with its format, compression and name in the output."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pyarrow as pa

from dedup.errors import InputError, MissingExtra

# File name endings, by format; `read` holds a reader for each.
ENDINGS = {
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "parquet": (".parquet", ".pq"),
    "text": (".txt", ".text", ".md"),
    "html": (".html", ".htm", ".xhtml"),
    "warc": (".warc",),
}
# Formats of one document a file.
WHOLE = ("text", "html")
# What the extra `html` brings, by the format that needs it.
PACKAGES = {"html": ("trafilatura",), "warc": ("trafilatura", "warcio")}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
# The note beside an annotated text file, which cannot hold a field, and the notes beside a WARC file.
BESIDE, NOTES_BESIDE = ".dedup.json", ".dedup.jsonl"


@dataclass(frozen=True, slots=True)
class Source:
    """One input file.

    Attributes
    ----------
    path : Path
        Where it is.
    name : str
        Where its records go below ``kept/`` and ``removed/``: its path relative to the inputs' common folder.
    format : str
        A key of `ENDINGS`.
    compression : str
        A value of `COMPRESSIONS`, or "".
    reference : bool
        Whether it is compared with but never written (``--against``).
    """

    path: Path
    name: str
    format: str
    compression: str = ""
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a collection, and what to tell the user about them."""

    sources: list[Source]
    notes: list[str]


def find_sources(inputs: Sequence[str | Path], *, skip: Path | None = None, reference: bool = False) -> Found:
    """The files named by paths, folders and patterns, in the order given; those of a folder by name.

    Parameters
    ----------
    inputs : sequence of path or pattern
    skip : Path, optional
        A folder whose content is never input: the output of this run.
    reference : bool
        Marks the sources as a reference.

    Raises
    ------
    InputError
        If an input is missing, or nothing to read is found. Nothing has been read by then.
    MissingExtra
        If a file is of a format that cannot be read without one.
    """
    notes: list[str] = []
    named: list[tuple[Path, bool]] = []  # path, found in a folder or by a pattern
    roots: list[Path] = []
    for item in inputs:
        path = Path(item)
        if path.is_dir():
            roots.append(path)
            named += [(found, True) for found in _walk(path, skip)]
        elif path.exists():
            if not (path.is_file() and _is_unicode(path)):
                raise InputError("is no regular file with a name in Unicode; - is stdin", ascii_name(path))
            roots.append(path.parent)
            named.append((path, False))
        elif glob.has_magic(str(item)):
            matched = sorted(Path(p) for p in glob.glob(str(item), recursive=True))
            if not matched:
                raise InputError("no file matches this pattern", item)
            for match in matched:
                roots.append(match if match.is_dir() else match.parent)
                named += [(f, True) for f in _walk(match, skip)] if match.is_dir() else [(match, True)]
        else:
            raise InputError("no such file or folder", item)
    base = Path(os.path.commonpath([os.path.abspath(root) for root in roots])) if roots else Path()
    sources, seen, passed = [], set(), 0
    barred = os.path.realpath(skip) + os.sep if skip is not None else None
    for path, loose in named:
        real = os.path.realpath(path)
        if loose and not (_is_regular(path) and _is_unicode(path)):
            notes.append(f"{ascii_name(path)}: passed over; it is no regular file with a name in Unicode")
            continue
        if loose and barred is not None and real.startswith(barred):
            continue
        if real in seen:
            notes.append(f"{path}: named twice, read once")
            continue
        kind, compression, sure = guess_format(path)
        if not sure and loose:
            passed += 1
            continue
        seen.add(real)
        if not sure:
            notes.append(f"{path}: read as {kind} (guessed from its content)")
        sources.append(Source(path, _relative(path, base), kind, compression, reference))
    if passed:
        known = " ".join(ending for endings in ENDINGS.values() for ending in endings)
        notes.append(f"{passed} files of other kinds passed over; read are {known}, also with {' '.join(COMPRESSIONS)}")
    if not sources:
        raise InputError("holds no file to read: " + ", ".join(str(item) for item in inputs))
    check_extra(source.format for source in sources)
    return Found(sources, notes)


def check_extra(formats: Iterable[str]) -> None:
    """Import what these formats are read with.

    Raises
    ------
    MissingExtra
        If that cannot be done.
    """
    for name in dict.fromkeys(package for kind in formats for package in PACKAGES.get(kind, ())):
        try:
            import_module(name)
        except ImportError as error:
            reason = (str(error).splitlines() or [""])[0]
            raise MissingExtra(f"HTML and WARC need an extra: pip install 'dedup[html]' ({reason})") from None


def _walk(folder: Path, skip: Path | None) -> list[Path]:
    """Every file below `folder` by name, hidden ones, those below `skip` and notes beside annotated texts left out.

    Links to folders are followed, each folder is entered once.
    """
    seen = {os.path.realpath(folder), os.path.realpath(skip) if skip is not None else ""}
    files = []
    for here, folders, names in os.walk(folder, followlinks=True):
        real = {name: os.path.realpath(Path(here, name)) for name in sorted(folders) if name[0] != "."}
        folders[:] = [name for name, path in real.items() if path not in seen]
        seen.update(real.values())
        files += [
            Path(here, name) for name in sorted(names) if name[0] != "." and not name.endswith((BESIDE, NOTES_BESIDE))
        ]
    return files


def _is_regular(path: Path) -> bool:
    """Whether reading `path` can end; the reader will say why it cannot be opened."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _is_unicode(path: Path) -> bool:
    """Whether the name can be written down in tables and JSON."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def ascii_name(path: Path) -> str:
    """A name that can be printed and stored, whatever its bytes are."""
    return str(path).encode(errors="backslashreplace").decode()


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(os.path.abspath(path), base)).as_posix()


def guess_format(path: Path) -> tuple[str, str, bool]:
    """Format and compression of a file, and whether its name tells (else its first bytes had to)."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    if compression:
        suffixes.pop()
    for kind, endings in ENDINGS.items():
        if suffixes and suffixes[-1] in endings:
            return kind, compression, True
    return *_sniff(path), False


def _sniff(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return "text", ""  # the reader will say why it cannot be opened
    for magic, compression in MAGIC.items():
        if head.startswith(magic):
            return _markup(_inflated_head(path, compression)) or "jsonl", compression
    if head.startswith(b"PAR1"):
        return "parquet", ""
    plain = "jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "text"
    return _markup(head) or plain, ""


def _markup(head: bytes) -> str:
    """The format of a file that begins like a WARC record or an HTML page; else ""."""
    if head.startswith(b"WARC/"):
        return "warc"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" if start.startswith((b"<!doctype html", b"<html")) else ""


def _inflated_head(path: Path, compression: str) -> bytes:
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            return bytes(stream.read(512))
    except OSError:
        return b""

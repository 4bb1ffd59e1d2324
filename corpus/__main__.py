"""The command line: `python -m corpus make OUT --documents N --seed S`."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, TextIO

from corpus.collection import Collection

FILES = ("reports.jsonl", "notices.jsonl")
TRUTH_COLUMNS = ("id", "source", "kind")
USAGE_ERROR = 2


class OneLineParser(argparse.ArgumentParser):
    """Ends on a wrong argument with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Reports the mistake and leaves."""
        self.exit(USAGE_ERROR, f"corpus: {message}\n")


def positive(value: str) -> int:
    """A whole number of at least 1."""
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {value!r}")
    return number


def truth_path(out: Path) -> Path:
    """The truth lies beside the collection, not in it, so that no one reads it as documents."""
    return out.with_name(f"{out.name}-truth.tsv")


def make(out: Path, documents: int, seed: int) -> None:
    """Writes the collection and its truth, one record at a time."""
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_files:

        def opened(path: Path) -> TextIO:
            return open_files.enter_context(path.open("w", encoding="utf-8", newline="\n"))

        files = {name: opened(out / name) for name in FILES}
        truth = opened(truth_path(out))
        print(*TRUTH_COLUMNS, sep="\t", file=truth)
        for record in Collection(documents, seed).records():
            print(json.dumps(record.as_json(), ensure_ascii=False), file=files[record.file])
            print(record.id, record.origin, record.kind, sep="\t", file=truth)


def refusal(out: Path, force: bool) -> str | None:
    """Why OUT cannot be written to, if it cannot."""
    if out.exists() and not out.is_dir():
        return f"{out} is not a folder"
    if force:
        return None
    if out.is_dir() and any(out.iterdir()):
        return f"{out} is not empty; --force writes over it"
    if truth_path(out).exists():
        return f"{truth_path(out)} exists; --force writes over it"
    return None


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = OneLineParser(prog="corpus", description="Makes collections of invented documents with known copies.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OneLineParser)
    command = commands.add_parser("make", help="write a collection and the truth about it")
    command.add_argument("out", type=Path, metavar="OUT", help="folder of the collection; the truth is OUT-truth.tsv")
    command.add_argument("--documents", type=positive, default=2000, metavar="N", help="how many documents (2000)")
    command.add_argument("--seed", type=int, default=7, metavar="S", help="the same seed gives the same bytes (7)")
    command.add_argument("--force", action="store_true", help="write over what is in OUT")
    options = parser.parse_args(arguments)
    out = Path(options.out.absolute())
    if reason := refusal(out, options.force):
        parser.error(reason)
    try:
        make(out, options.documents, options.seed)
    except OSError as error:
        parser.error(f"cannot write {error.filename or out}: {error.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line: `python -m corpus make OUT --documents N --seed S --profile P`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from corpus.block import Plan
from corpus.make import make, truth_folder
from corpus.profiles import PROFILES

USAGE_ERROR, INTERRUPTED = 2, 130


class OneLineParser(argparse.ArgumentParser):
    """Ends on a wrong argument with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Reports the mistake and leaves."""
        self.exit(USAGE_ERROR, f"corpus: {message}\n")


def at_least(least: int) -> Callable[[str], int]:
    """A whole number of at least so much."""

    def parsed(value: str) -> int:
        try:
            number = int(value.replace("_", ""))
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, not {value!r}")
        return number

    return parsed


def profile(value: str) -> str:
    """The name of a profile."""
    if value not in PROFILES:
        raise argparse.ArgumentTypeError(f"no profile {value!r}; there are {', '.join(PROFILES)}")
    return value


def refusal(out: Path, force: bool) -> str | None:
    """Why OUT cannot be written to, if it cannot."""
    for folder in (out, truth_folder(out)):
        if folder.exists() and not folder.is_dir():
            return f"{folder} is not a folder"
        if not force and folder.is_dir() and any(folder.iterdir()):
            return f"{folder} is not empty; --force writes over it"
    return None


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = OneLineParser(prog="corpus", description="Makes collections of invented documents with known copies.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OneLineParser)
    profiles = "\n".join(f"  {name:<10} {one.said}" for name, one in PROFILES.items())
    command = commands.add_parser(
        "make",
        help="write a collection and the truth about it",
        epilog=f"profiles:\n{profiles}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("out", type=Path, metavar="OUT", help="folder of the collection; the truth is in OUT-truth")
    command.add_argument("--documents", type=at_least(1), default=2000, metavar="N", help="how many documents (2000)")
    command.add_argument("--seed", type=at_least(0), default=7, metavar="S", help="same seed, same bytes (7)")
    command.add_argument("--profile", type=profile, default="mixed", metavar="P", help="the mixture (mixed)")
    command.add_argument("--processes", type=at_least(1), metavar="N", help="never changes a byte (all processors)")
    command.add_argument("--force", action="store_true", help="write over what is in OUT")
    options = parser.parse_args(arguments)
    out = options.out.absolute()
    if reason := refusal(out, options.force):
        parser.error(reason)
    try:
        plan = Plan(options.profile, options.seed, options.documents)
        made = make(out, plan, processes=options.processes)
    except OSError as error:
        parser.error(f"cannot write {error.filename or out}: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED
    print(f"{made.documents:,} documents, {made.bytes / 1e6:,.1f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

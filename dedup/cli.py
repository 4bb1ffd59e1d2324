"""The command line: parse, call, exit."""

from __future__ import annotations

import errno
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from dedup import console
from dedup.config import Config, read_config
from dedup.errors import ConfigError, DedupError

if TYPE_CHECKING:
    from dedup.result import Result

# The common class of what typer raises for options it cannot read; its own click has no public name.
UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

DONE, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Finds copies and near copies in collections, proves every link, writes the collection without them.",
)

# Settings of a run that are no field of Config, and so can stand in a --config file beside these.
RUN_KEYS = {
    "output": str,
    "against": list,
    "work": str,
    "resume": bool,
    "force": bool,
    "strict": bool,
    "check": bool,
    "json": bool,
}

Threshold = Annotated[
    float | None, typer.Option(help="Least Jaccard similarity of two linked documents. [default: 0.7]", metavar="X")
]
Recall = Annotated[
    float | None,
    typer.Option(help="Probability of finding a pair at the threshold. [default: 0.99]", metavar="X"),
]
ShingleTokens = Annotated[int | None, typer.Option("--n", "-n", help="Tokens per shingle. [default: 5]", metavar="N")]
SketchValues = Annotated[
    int | None, typer.Option("--k", "-k", help="Values per sketch, a power of two. [default: 256]", metavar="N")
]
BandCount = Annotated[int | None, typer.Option(help="Bands, chosen by hand (with --rows).", metavar="N")]
RowCount = Annotated[int | None, typer.Option(help="Rows per band, chosen by hand (with --bands).", metavar="N")]
Tokens = Annotated[
    str | None,
    typer.Option(help="auto: characters and words; word: segmented Chinese words. [default: auto]", metavar="WHAT"),
]
Json = Annotated[bool | None, typer.Option("--json", help="Print the result as one JSON object on stdout.")]


@app.command()
def run(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN…", help="Files, folders, patterns; - is stdin (JSON lines).")
    ],
    output: Annotated[str | None, typer.Option("--output", "-o", help="Folder for the result.", metavar="OUT")] = None,
    text: Annotated[
        str | None, typer.Option(help="Field of the text; several joined: title,body. [guessed]", metavar="FIELDS")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Field of the identifier. [guessed]", metavar="FIELD")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the input. [UTF-8; told by content for text files]", metavar="NAME")
    ] = None,
    threshold: Threshold = None,
    recall: Recall = None,
    keep: Annotated[
        str | None,
        typer.Option(
            help="Which copy stays: first, longest, cleanest, newest:FIELD, order:FIELD=a,b,c. [default: first]",
            metavar="RULE",
        ),
    ] = None,
    within: Annotated[
        str | None, typer.Option(help="Compare only documents with equal values of this field.", metavar="FIELD")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(help="Compare with these files too; they are never written, and theirs is kept.", metavar="OLD"),
    ] = None,
    write: Annotated[
        str | None,
        typer.Option(help="kept (with removed), annotated, both, none. [default: kept]", metavar="WHAT"),
    ] = None,
    audit: Annotated[
        int | None,
        typer.Option(help="Documents of the brute-force recall check; 0: none. [default: 1000]", metavar="N"),
    ] = None,
    tokens: Tokens = None,
    n: ShingleTokens = None,
    k: SketchValues = None,
    bands: BandCount = None,
    rows: RowCount = None,
    seed: Annotated[int | None, typer.Option(help="Seed of hashing and sampling. [default: 1]", metavar="N")] = None,
    threads: Annotated[int | None, typer.Option(help="Worker threads. [one per core]", metavar="N")] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file, or run.json of an earlier run, with settings.", metavar="FILE")
    ] = None,
    work: Annotated[
        str | None, typer.Option(help="Folder for intermediate files. [hidden, beside OUT]", metavar="FOLDER")
    ] = None,
    resume: Annotated[bool | None, typer.Option("--resume", help="Go on with a run that was stopped.")] = None,
    force: Annotated[bool | None, typer.Option("--force", help="Replace an earlier result in OUT.")] = None,
    strict: Annotated[bool | None, typer.Option("--strict", help="Exit 2 if a record could not be read.")] = None,
    check: Annotated[bool | None, typer.Option("--check", help="Exit 1 if copies were found.")] = None,
    json_: Json = None,
) -> None:
    """Write a collection without its copies, and who was removed for whom.

    Exit codes: 0 done; 1 copies were found (with --check); 2 nothing could be done; 130 interrupted.
    """
    given = {
        "text": text,
        "id": id_,
        "encoding": encoding,
        "threshold": threshold,
        "recall": recall,
        "keep": keep,
        "within": within,
        "against": against or None,
        "write": write,
        "audit": audit,
        "tokens": tokens,
        "n": n,
        "k": k,
        "bands": bands,
        "rows": rows,
        "seed": seed,
        "threads": threads,
        "output": output,
        "work": work,
        "resume": resume,
        "force": force,
        "strict": strict,
        "check": check,
        "json": json_,
    }
    values, flags = _settle(given, config)
    if not flags.get("output"):
        raise ConfigError("where to? name a folder for the result with -o OUT")
    if Path(flags["output"]).name in ("", ".."):
        raise ConfigError(f"-o {flags['output']}: the name of a new folder is needed")
    _check_encoding(values.get("encoding", ""))
    result, seconds = _dedupe(inputs, Config(**values), flags)
    summary = {**result.summary, "write": result.config.write}
    for note in summary["notes"]:
        console.say(note)
    _warn(result)
    if flags.get("json"):
        console.put_json({**summary, "elapsed": round(seconds, 3), "output": flags["output"]})
    else:
        console.put_summary(summary, flags["output"], seconds)
    if flags.get("strict") and summary["rejected"]:
        raise SystemExit(FAILED)
    if flags.get("check") and summary["removed"]:
        raise SystemExit(FOUND)


def _settle(given: dict[str, Any], config: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and flags, a flag before the file's value."""
    stored = read_config(config, RUN_KEYS) if config is not None else {}
    merged = {**stored, **{name: value for name, value in given.items() if value is not None}}
    flags = {name: merged.pop(name) for name in RUN_KEYS if name in merged}
    for name, value in flags.items():
        if not isinstance(value, RUN_KEYS[name]):
            raise ConfigError(f"{name} = {value!r}: a value of type {RUN_KEYS[name].__name__} is needed")
    if not all(isinstance(item, str) for item in flags.get("against", [])):
        raise ConfigError(f"against = {flags['against']!r}: a list of paths is needed")
    return merged, flags


def _check_encoding(name: object) -> None:
    try:
        "".encode(str(name) or "utf-8")
    except (LookupError, ValueError):
        raise ConfigError(f"encoding = {name!r}: the name of an encoding such as gb18030 is needed") from None


def _config(**given: Any) -> Config:
    """A Config of the options that were given."""
    return Config(**{name: value for name, value in given.items() if value is not None})


def _dedupe(inputs: list[str], config: Config, flags: dict[str, Any]) -> tuple[Result, float]:
    from dedup.cache import cache_note, ensure_cache, load_numba

    ensure_cache()
    load_numba()
    from dedup.batch import dedupe
    from dedup.matches.verify import is_compiled

    if not is_compiled() or cache_note():
        console.say(cache_note() or "compiling the kernels, once on this machine: about 30 s")
    begin = time.perf_counter()
    with console.ProgressBars() as bars:
        result = dedupe(
            [Path(item) for item in inputs],
            config,
            on_progress=bars,
            against=flags.get("against", ()),
            out=flags["output"],
            work=flags.get("work"),
            resume=flags.get("resume", False),
            force=flags.get("force", False),
        )
    return result, time.perf_counter() - begin


def _warn(result: Result) -> None:
    """The first rejected records, on the screen."""
    rejected = result.rejected
    for row in rejected.slice(0, 5).to_pylist():
        place = row["file"] if row["line"] is None else f"{row['file']}:{row['line']}"
        console.say(_one_line(f"{place}: {row['reason']}"))
    if len(rejected) > 5:
        console.say(f"… and {len(rejected) - 5:,} more in rejected.jsonl")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Text file.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Text file.")],
    threshold: Threshold = None,
    n: ShingleTokens = None,
    tokens: Tokens = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of both. [told by content]", metavar="NAME")] = None,
    json_: Json = None,
) -> None:
    """Compare two texts exactly."""
    from dedup.comparison import compare as compare_texts
    from dedup.documents.textfiles import load_text

    config = _config(threshold=threshold, n=n, tokens=tokens)
    values = compare_texts(load_text(a, encoding or ""), load_text(b, encoding or ""), config)._asdict()
    if json_:
        console.put_json(values)
    else:
        console.put_comparison(values, config.threshold)


@app.command()
def bounds(
    threshold: Threshold = None,
    recall: Recall = None,
    documents: Annotated[int, typer.Option(help="Documents of the collection.", metavar="N")] = 1_000_000,
    length: Annotated[int, typer.Option(help="Characters per document.", metavar="N")] = 1000,
    k: SketchValues = None,
    bands: BandCount = None,
    rows: RowCount = None,
    json_: Json = None,
) -> None:
    """Forecast a run: what it finds at which similarity, its candidates, memory and disk."""
    from dedup.bounds import forecast

    if documents < 1 or length < 1:
        raise ConfigError(f"documents = {documents}, length = {length}: 1 or more is needed")
    config = _config(threshold=threshold, recall=recall, k=k, bands=bands, rows=rows)
    values = forecast(config, documents, length)
    if json_:
        console.put_json(values)
    else:
        console.put_bounds(values)


def main() -> None:
    """Run the command line; every error this package knows ends as one line on stderr."""
    try:
        code = app(standalone_mode=False)
        if code == INTERRUPTED:  # how typer returns a KeyboardInterrupt
            raise KeyboardInterrupt
        sys.exit(code)
    except UsageError as error:
        message = error.format_message()
        if "\n" in message:  # the help, where no command is given
            error.show()
        else:
            _fail(f"{message} (-h shows the options)")
        sys.exit(FAILED)
    except DedupError as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        console.say("interrupted; the same command with --resume goes on after the last finished stage")
        sys.exit(INTERRUPTED)
    except MemoryError:
        _fail("out of memory; `dedup bounds` forecasts what a run needs")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        hint = "; make room, then the same command with --resume goes on" if error.errno == errno.ENOSPC else ""
        _fail(f"{place}{reason}{hint}")


def _fail(message: str) -> NoReturn:
    """One line and out."""
    console.say(_one_line(message))
    sys.exit(FAILED)


def _one_line(message: str) -> str:
    """A message as one line, whatever line ends the name of a file has."""
    return message.replace("\r", "\\r").replace("\n", "\\n")

"""The command line: parse, call, exit."""

from __future__ import annotations

import errno
import sys
import time
from contextlib import AbstractContextManager
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
Output = Annotated[str | None, typer.Option("--output", "-o", help="Folder for the result.", metavar="OUT")]
TextFields = Annotated[
    str | None, typer.Option(help="Field of the text; several joined: title,body. [guessed]", metavar="FIELDS")
]
IdField = Annotated[str | None, typer.Option("--id", help="Field of the identifier. [guessed]", metavar="FIELD")]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of the input. [UTF-8; told by content for text files]", metavar="NAME")
]
Html = Annotated[bool | None, typer.Option("--html", help="The text fields hold HTML: take the main text out of it.")]
Boilerplate = Annotated[
    str | None,
    typer.Option(
        help="Set lines of the site aside: off, auto, or boilerplate.jsonl of an earlier run. [default: off]",
        metavar="WHAT",
    ),
]
SiteField = Annotated[str | None, typer.Option(help="Field that names the site of a record.", metavar="FIELD")]
Length = Annotated[int | None, typer.Option(help="Least tokens of a passage. [default: 50]", metavar="N")]
Cap = Annotated[
    int | None,
    typer.Option(help="Most documents a passage may stand in; more is counted apart. [default: 100]", metavar="N"),
]
Identity = Annotated[
    float | None,
    typer.Option(help="Least share of equal tokens of two occurrences of a passage. [default: 0.85]", metavar="X"),
]
Cut = Annotated[
    bool | None, typer.Option("--cut", help="Also write cut/: the collection without what stands in it before.")
]
Against = Annotated[
    list[str] | None,
    typer.Option(help="Compare with these files too; they are never written, and theirs is kept.", metavar="OLD"),
]
Threads = Annotated[int | None, typer.Option(help="Worker threads. [one per core]", metavar="N")]
Settings = Annotated[
    Path | None, typer.Option(help="TOML file, or run.json of an earlier run, with settings.", metavar="FILE")
]
Work = Annotated[str | None, typer.Option(help="Folder for intermediate files. [hidden, beside OUT]", metavar="FOLDER")]
Resume = Annotated[bool | None, typer.Option("--resume", help="Go on with a run that was stopped.")]
Force = Annotated[bool | None, typer.Option("--force", help="Replace an earlier result in OUT.")]
Strict = Annotated[bool | None, typer.Option("--strict", help="Exit 2 if a record could not be read.")]
Unit = Annotated[
    str | None,
    typer.Option(help="page: a record is a document; piece: each text a page holds. [default: page]", metavar="WHAT"),
]
Within = Annotated[
    str | None, typer.Option(help="Compare only documents with equal values of this field.", metavar="FIELD")
]
Seed = Annotated[int | None, typer.Option(help="Seed of hashing and sampling. [default: 1]", metavar="N")]
Inputs = Annotated[list[str], typer.Argument(metavar="IN…", help="Files, folders, patterns; - is stdin (JSON lines).")]
Json = Annotated[bool | None, typer.Option("--json", help="Print the result as one JSON object on stdout.")]


@app.command()
def run(
    inputs: Inputs,
    output: Output = None,
    text: TextFields = None,
    id_: IdField = None,
    encoding: Encoding = None,
    html: Html = None,
    threshold: Threshold = None,
    recall: Recall = None,
    unit: Unit = None,
    boilerplate: Boilerplate = None,
    source: SiteField = None,
    passages: Annotated[
        bool | None, typer.Option("--passages", help="Also find what stands in several places, and partial copies.")
    ] = None,
    length: Length = None,
    cap: Cap = None,
    identity: Identity = None,
    templates: Annotated[
        bool | None,
        typer.Option("--templates", help="Also find texts filled into one template, and the values of each."),
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option(
            help="Labels to remove, of exact, near, templated, partial. [default: exact,near]", metavar="LABELS"
        ),
    ] = None,
    cut: Cut = None,
    keep: Annotated[
        str | None,
        typer.Option(
            help="Which copy stays: first, longest, cleanest, newest:FIELD, order:FIELD=a,b,c. [default: first]",
            metavar="RULE",
        ),
    ] = None,
    within: Within = None,
    against: Against = None,
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
    seed: Seed = None,
    threads: Threads = None,
    config: Settings = None,
    work: Work = None,
    resume: Resume = None,
    force: Force = None,
    strict: Strict = None,
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
        "html": html,
        "unit": unit,
        "boilerplate": boilerplate,
        "source": source,
        "passages": passages,
        "length": length,
        "cap": cap,
        "identity": identity,
        "templates": templates,
        "remove": remove,
        "cut": cut,
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
    _run("dedupe", inputs, given, config)


@app.command()
def passages(
    inputs: Inputs,
    output: Output = None,
    text: TextFields = None,
    id_: IdField = None,
    encoding: Encoding = None,
    html: Html = None,
    length: Length = None,
    cap: Cap = None,
    identity: Identity = None,
    boilerplate: Boilerplate = None,
    source: SiteField = None,
    cut: Cut = None,
    against: Against = None,
    threads: Threads = None,
    config: Settings = None,
    work: Work = None,
    resume: Resume = None,
    force: Force = None,
    strict: Strict = None,
    json_: Json = None,
) -> None:
    """Find what stands in several places, in different documents or in one.

    Every equal run of --length tokens is found if it stands in at most --cap documents, and edited passages around it.
    """
    given = {
        "text": text,
        "id": id_,
        "encoding": encoding,
        "html": html,
        "length": length,
        "cap": cap,
        "identity": identity,
        "boilerplate": boilerplate,
        "source": source,
        "cut": cut,
        "against": against or None,
        "threads": threads,
        "output": output,
        "work": work,
        "resume": resume,
        "force": force,
        "strict": strict,
        "json": json_,
    }
    _run("find_passages", inputs, given, config)


@app.command()
def templates(
    inputs: Inputs,
    output: Output = None,
    text: TextFields = None,
    id_: IdField = None,
    encoding: Encoding = None,
    html: Html = None,
    unit: Unit = None,
    boilerplate: Boilerplate = None,
    source: SiteField = None,
    within: Within = None,
    against: Against = None,
    seed: Seed = None,
    threads: Threads = None,
    config: Settings = None,
    work: Work = None,
    resume: Resume = None,
    force: Force = None,
    strict: Strict = None,
    json_: Json = None,
) -> None:
    """Find texts that were filled into one template: the template, and a table of the values of each text.

    Copies of a text are found first; they are filled in, too, and no collection is written.
    """
    given = {
        "text": text,
        "id": id_,
        "encoding": encoding,
        "html": html,
        "unit": unit,
        "boilerplate": boilerplate,
        "source": source,
        "within": within,
        "against": against or None,
        "seed": seed,
        "threads": threads,
        "output": output,
        "work": work,
        "resume": resume,
        "force": force,
        "strict": strict,
        "json": json_,
    }
    _run("fill_templates", inputs, given, config)


def _run(driver: str, inputs: list[str], given: dict[str, Any], config: Path | None) -> None:
    """Run a driver over files and say what came of it."""
    values, flags = _settle(given, config)
    if not flags.get("output"):
        raise ConfigError("where to? name a folder for the result with -o OUT")
    if Path(flags["output"]).name in ("", ".."):
        raise ConfigError(f"-o {flags['output']}: the name of a new folder is needed")
    _check_encoding(values.get("encoding", ""))
    result, seconds = _drive(driver, inputs, Config(**values), flags)
    summary = {**result.summary, "write": result.config.write, "unit": result.config.unit, "cut": result.config.cut}
    for note in summary["notes"]:
        console.say(note)
    _warn(result)
    if flags.get("json"):
        console.put_json({**summary, "elapsed": round(seconds, 3), "output": flags["output"]})
    elif driver == "find_passages":
        console.put_passages(summary, result.passages, result.crowded, flags["output"], seconds)
    elif driver == "fill_templates":
        console.put_templates(summary, result.templates, flags["output"], seconds)
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


def _drive(driver: str, inputs: list[str], config: Config, flags: dict[str, Any]) -> tuple[Result, float]:
    announced = _prepare()
    from dedup import batch

    begin = time.perf_counter()
    with console.ProgressBars() as bars, announced:
        result: Result = getattr(batch, driver)(
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
    """Compare two texts: how alike they are, why, and where they differ."""
    announced = _prepare()
    from dedup.documents.textfiles import load_text
    from dedup.reasons.explain import explain as explain_texts

    config = _config(threshold=threshold, n=n, tokens=tokens)
    texts = load_text(a, encoding or ""), load_text(b, encoding or "")
    with announced:
        why = explain_texts(*texts, config)
    if json_:
        console.put_json(why.as_dict())
    else:
        console.put_explanation(why, texts, (str(a), str(b)), config.threshold, [])


@app.command()
def explain(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a finished run.")],
    a: Annotated[str, typer.Argument(metavar="ID_A", help="Identifier of a document, or FILE:LINE.")],
    b: Annotated[str, typer.Argument(metavar="ID_B", help="The other.")],
    json_: Json = None,
) -> None:
    """Why two documents of a run are linked or not, and what became of them.

    Their texts are read from the input again, which must not have changed.
    """
    announced = _prepare()
    from dedup.pair import explain_pair

    with announced:
        pair = explain_pair(out, a, b)
    for fate in (pair.a, pair.b):
        if fate.others:
            taken = f"{fate.file}:{fate.line} is taken; FILE:LINE names another"
            console.say(_one_line(f"{fate.id!r} stands {fate.others + 1:,} times; {taken}"))
    if json_:
        console.put_json(pair.as_dict())
    else:
        console.put_pair(pair)


def _prepare() -> AbstractContextManager[None]:
    """Find a place for compiled kernels before anything is imported that needs one; say it if any is compiled."""
    from dedup.cache import announced, cache_note, ensure_cache, load_numba

    ensure_cache()
    load_numba()
    said = cache_note() or "compiling the kernels, once on this machine: up to two minutes"
    return announced(lambda: console.say(said))


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

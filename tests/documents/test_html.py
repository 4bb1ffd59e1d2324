"""HTML in: the main text is whole, in lines, and each page that has none is told about."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import Config, Result, dedupe
from dedup.documents import html, maintext
from dedup.documents.blocks import Block, broken
from dedup.documents.fields import Fields
from dedup.documents.html import PAGES, extract, extract_block, extract_tasks, write_extracted
from dedup.documents.maintext import LARGEST, NO_TEXT, main_text
from dedup.documents.read import read_source
from dedup.documents.sources import Source, check_extra, find_sources, guess_format
from dedup.documents.textfiles import decode_page
from dedup.errors import MissingExtra
from tests.conftest import Outcome, han, lines_of, prose, squeeze

MENU = ["Home", "All articles", "Contact us", "Site map"]
FOOT = ["All rights reserved", "Write to the office about this site"]
LAYOUTS: dict[str, Callable[[list[str]], str]] = {
    "paragraphs": lambda lines: "".join(f"<p>{line}</p>\n" for line in lines),
    "breaks": lambda lines: "<br>\n".join(lines),
    "double_breaks": lambda lines: "<br><br>".join(lines),
    "divisions": lambda lines: "".join(f"<div>{line}</div>" for line in lines),
    "halved_spans": lambda lines: "".join(f"<p><span>{line[:9]}</span><span>{line[9:]}</span></p>" for line in lines),
    "bold_openings": lambda lines: "".join(f"<p><b>{line[:5]}</b>{line[5:]}</p>" for line in lines),
    "ordered_list": lambda lines: "<ol>" + "".join(f"<li>{line}</li>" for line in lines) + "</ol>",
}
SHELLS = {
    "article": '<article><h1>{title}</h1><div class="content">{body}</div></article>{side}',
    "nameless": '<div class="w"><div class="l"><h1>{title}</h1><div id="nr">{body}</div></div>{side}</div>',
    "table": "<h1>{title}</h1><table><tr><td>{body}</td><td>{side}</td></tr></table>",
}


def page(
    lines: list[str], layout: str = "paragraphs", shell: str = "article", title: str = "A title of its own"
) -> str:
    """A page with a menu before the text, and links and a footer behind it."""
    menu = "".join(f'<li><a href="/{i}">{item}</a></li>' for i, item in enumerate(MENU))
    side = f'<div class="sidebar"><ul>{menu}</ul></div>'
    foot = "".join(f"<p>{line}</p>" for line in FOOT)
    body = SHELLS[shell].format(title=title, body=LAYOUTS[layout](lines), side=side)
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><script>var a = "script";</script>'
        f'</head><body><div class="nav"><ul>{menu}</ul></div>{body}<div class="footer">{foot}</div></body></html>'
    )


def passage(seed: int, count: int = 12) -> list[str]:
    return [han(seed * 100 + i, 40 + 3 * i) + "。" for i in range(count)]


# -- the main text -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shell", SHELLS)
def test_main_text__gives_every_line_of_the_text_and_no_furniture(layout, shell) -> None:
    lines = passage(1)
    found = main_text(page(lines, layout, shell)).split("\n")
    assert found[0] == "A title of its own"
    assert found[1 : len(lines) + 1] == lines
    assert not set(found) & {*MENU, *FOOT}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shell", SHELLS)
def test_main_text__keeps_a_passage_that_stands_twice(layout, shell) -> None:
    """trafilatura's own output may leave out the second copy, which is what is to be found here."""
    lines = [*passage(1), *passage(2, 3), *passage(1)]
    assert main_text(page(lines, layout, shell)).split("\n")[1:] == lines


def test_main_text__keeps_headings_between_paragraphs() -> None:
    parts = [(f"第{n}篇", passage(i, 4)) for i, n in enumerate("一二三四五")]
    body = "".join(f"<h2>{title}</h2>{LAYOUTS['paragraphs'](lines)}" for title, lines in parts)
    found = main_text(f"<html><body><div id='nr'>{body}</div></body></html>").split("\n")
    assert found == [line for title, lines in parts for line in (title, *lines)]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p>", "one"),
        ("no tag at all\nand two lines", "no tag at all\nand two lines"),
        ("<html><body>text by itself</body></html>", "text by itself"),
        ("<p>a &amp; b &lt;c&gt;   d\n e　f</p>", "a & b <c> d e f"),
        ("<pre>if a:\n  b\n\nc</pre>", "if a:\n  b\nc"),
        ("<table><tr><td>甲</td><td>1</td></tr><tr><td>乙</td><td>2</td></tr></table>", "甲 1\n乙 2"),
        ('<?xml version="1.0" encoding="gb2312"?><!DOCTYPE html><html><body><p>你好世界</p></body></html>', "你好世界"),
        ("<p>⣿⠁⠂⠃ in Braille ⠿⠿</p>", "⣿⠁⠂⠃ in Braille ⠿⠿"),
        (
            '<html><body><script type="application/ld+json">{"@type": "Article", "articleBody": "%s"}</script>'
            "</body></html>" % ("正文在脚本里。" * 30),
            "正文在脚本里。" * 30,
        ),
    ],
)
def test_main_text__of_small_and_odd_pages(markup, text) -> None:
    assert main_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("", "the page is empty"),
        (" \n\t", "the page is empty"),
        ("<html/>", NO_TEXT),
        ("<html><body><script>var a = 1;</script></body></html>", NO_TEXT),
        ("<frameset><frame src='a'></frameset>", NO_TEXT),
        ("<!-- only a comment", NO_TEXT),
        ("\0" * 1000, "no HTML but binary data"),
        ("<p>" + "x" * LARGEST, f"{LARGEST + 3:,} characters of HTML; pages of more than"),
    ],
)
def test_main_text__says_why_there_is_none(markup, reason) -> None:
    with pytest.raises(ValueError) as error:
        main_text(markup)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize("tag", ["div", "font", "table><tr><td", "b", "ul><li", "blockquote"])
@pytest.mark.parametrize("depth", [200, 2000, 30_000])
def test_main_text__of_deeply_nested_tags_ends_and_never_breaks_down(tag, depth) -> None:
    try:
        main_text(f"<{tag}>" * depth + "<p>a paragraph</p>" * 5)
    except ValueError as error:
        assert str(error) == NO_TEXT or "cannot be taken apart" in str(error)


TAGS = ["<p>", "</p>", "<div>", "</div>", "<br>", "<h1>", "<table>", "<td>", "<!--", "-->", "<script>", "<a href=x>"]
BITS = [
    *TAGS,
    "<pre>",
    "</a>",
    "<html>",
    "<body>",
    "&amp;",
    "&#0;",
    "&#xd800;",
    "<",
    ">",
    "\0",
    " ",
    "⣿⠁⠁⠁",
    "text",
    "正文",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(BITS), max_size=40).map("".join))
def test_main_text__raises_nothing_but_a_reason_whatever_the_page(markup) -> None:
    try:
        text = main_text(markup)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert text.strip()
        text.encode()


# -- encodings ---------------------------------------------------------------------------------------------------

HAN = "一年来各村的工作会议和通知都发了下去，我们把这些事情都看在心里。" * 4
META = '<meta charset="%s">'


@pytest.mark.parametrize(
    ("markup", "written", "server"),
    [
        (META % "utf-8" + HAN, "utf-8", ""),
        (META % "gb2312" + HAN, "gbk", ""),
        ('<meta http-equiv="Content-Type" content="text/html; charset=GBK">' + HAN, "gbk", ""),
        ('<?xml version="1.0" encoding="gb2312"?>' + HAN, "gbk", ""),
        (META % "big5" + "計畫這個們來國" * 9, "big5", ""),
        (META % "Shift_JIS" + "こんにちは世界" * 9, "cp932", ""),
        (META % "iso-8859-1" + "<p>café née là-bas, naïve</p>", "cp1252", ""),
        (HAN, "utf-16", ""),
        (HAN, "utf-16-le", "UTF-16LE"),
        (HAN, "gbk", ""),
        (HAN, "gbk", "gb2312"),
        ("<p>Привет, мир</p>" * 9, "cp1251", "windows-1251"),
        # Told wrongly:
        (META % "gb2312" + HAN, "utf-8", ""),
        (META % "utf-8" + HAN, "gbk", ""),
        (META % "utf-16" + HAN, "gbk", ""),
        (META % "punycode" + HAN, "gbk", ""),
        (META % "no-such-thing" + HAN, "gbk", ""),
        (META % "gb2312" + HAN, "gbk", "ISO-8859-1"),
        (HAN, "gbk", "ISO-8859-1"),
        (HAN, "gbk", "utf-8"),
    ],
)
def test_decode_page__finds_the_encoding_whoever_tells_it(markup, written, server) -> None:
    assert decode_page(markup.encode(written), "", server) == markup


@pytest.mark.parametrize("name", ["utf-8", "gbk"])
def test_decode_page__passes_over_a_character_cut_in_half(name) -> None:
    raw = (META % name + HAN + "事").encode(name)[:-1]
    assert decode_page(raw).rstrip("\ufffd") == META % name + HAN


def test_decode_page__takes_the_encoding_of_the_run_where_a_page_says_nothing() -> None:
    text = "<p>Привет, мир</p>"
    assert decode_page(text.encode("cp1251"), "cp1251") == text
    assert decode_page((META % "utf-8" + text).encode(), "cp1251") == META % "utf-8" + text


def test_decode_page__turns_down_what_no_encoding_fits() -> None:
    with pytest.raises(ValueError, match="another encoding"):
        decode_page(Random(1).randbytes(5000))


# -- files -------------------------------------------------------------------------------------------------------


def documents_of(source: Source, fields: Fields) -> tuple[list[tuple[str | None, str, int]], list[tuple[int, str]]]:
    found, rejected, line = [], [], 0
    for task in read_source(source, fields, "")[0]:
        block = task()
        assert block.extracted
        found += [(row["id"], row["text"], line + row["line"]) for row in block.rows.to_pylist()]
        rejected += [(r.line and r.line + line, r.reason) for r in block.rejected]
        line += block.lines
    return found, rejected


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
def test_read_html_file__gives_the_main_text_under_the_name_of_the_file(put, tmp_path, ending) -> None:
    put(f"in/a.html{ending}", squeeze(page(passage(1)).encode(), ending))
    put("in/sub/b.HTM", page(passage(2)).replace("utf-8", "gb2312").encode("gbk"))
    put("in/c.png", b"\x89PNG")
    found = find_sources([tmp_path / "in"])
    assert [(s.name, s.format) for s in found.sources] == [(f"a.html{ending}", "html"), ("sub/b.HTM", "html")]
    got = [documents_of(source, Fields(()))[0][0] for source in found.sources]
    assert [name for name, *_ in got] == [f"a.html{ending}", "sub/b.HTM"]
    assert [text.split("\n")[1:] for _, text, _ in got] == [passage(1), passage(2)]


def test_read_html_file__rejects_with_a_reason_and_goes_on(run, put) -> None:
    put("in/1.html", page(passage(1)).encode())
    put("in/empty.html", b"")
    put("in/script.html", b"<html><script>var a</script></html>")
    put("in/garbage.html", Random(2).randbytes(9000))
    put("in/zeros.html", bytes(5000))
    put("in/cut.html.gz", squeeze(page(passage(3, 200)).encode(), ".gz")[:-300])
    put("in/huge.html", b"<p>" + b"word " * (LARGEST // 5 + 1))
    put("in/2.html", page(passage(2)).encode())
    outcome = run("in")
    assert sorted(outcome.ids) == ["1.html", "2.html"]
    reasons = {file: reason for file, _, reason in outcome.rejected}
    assert reasons["empty.html"] == "the page is empty"
    assert reasons["script.html"] == NO_TEXT
    assert "another encoding" in reasons["garbage.html"]
    assert "binary" in reasons["zeros.html"]
    assert "cut off" in reasons["cut.html.gz"]
    assert "not taken apart" in reasons["huge.html"]
    assert (outcome.folder / "removed" / "garbage.html").read_bytes() == Random(2).randbytes(9000)


def test_write_source__copies_pages_to_one_side_byte_for_byte(run, put) -> None:
    pages = {f"{i}.html": page(passage(i // 2)).encode() + b"\r\n" for i in range(6)}
    for name, data in pages.items():
        put(f"in/{name}", data)
    outcome = run("in", flags=["--write", "both"])
    for i, (name, data) in enumerate(pages.items()):
        side, other = ("kept", "removed") if i % 2 == 0 else ("removed", "kept")
        assert (outcome.folder / side / name).read_bytes() == data
        assert not (outcome.folder / other / name).exists()
        assert (outcome.folder / "annotated" / name).read_bytes() == data
        note = json.loads((outcome.folder / "annotated" / f"{name}.dedup.json").read_bytes())
        assert note["kept"] == f"{i - i % 2}.html"


def test_guess_format__knows_a_page_without_an_ending_by_its_beginning(put) -> None:
    assert guess_format(put("index", b"\n <!doctype HTML><p>x")) == ("html", "", False)
    assert guess_format(put("index2.php", squeeze(b"<html><p>x", ".gz"))) == ("html", "gzip", False)


# -- records whose text is HTML ----------------------------------------------------------------------------------


def records(count: int) -> list[dict[str, str]]:
    return [
        {"id": f"d{i}", "text": page(passage(i, 3)) if i % 7 else "<html><script></script></html>"}
        for i in range(count)
    ]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_extract_tasks__replaces_texts_and_rejects_records_by_their_line(put, tmp_path, kind) -> None:
    rows = records(2 * PAGES + 5)
    if kind == "jsonl":
        path = put("a.jsonl", lines_of(*rows[:10], b"bad", *rows[10:]))
    elif kind == "csv":
        cells = "".join('{},"{}"\n'.format(r["id"], r["text"].replace('"', '""').replace("\n", "")) for r in rows)
        path = put("a.csv", b"id,text\n" + cells.encode())
    else:
        path = tmp_path / "a.parquet"
        pa.parquet.write_table(pa.Table.from_pylist(rows), path)
    found, rejected = documents_of(Source(path, path.name, kind), Fields((), html=True))
    assert [name for name, *_ in found] == [r["id"] for i, r in enumerate(rows) if i % 7]
    assert [text.split("\n")[1:] for _, text, _ in found] == [passage(i, 3) for i in range(len(rows)) if i % 7]
    shift = {"jsonl": lambda i: i + 1 + (i >= 10), "csv": lambda i: i + 2, "parquet": lambda i: i + 1}[kind]
    assert [line for *_, line in found] == [shift(i) for i in range(len(rows)) if i % 7]
    bad = [(shift(i), NO_TEXT) for i in range(len(rows)) if i % 7 == 0]
    assert sorted(r for r in rejected if r[1] == NO_TEXT) == bad
    assert rejected == sorted(rejected, key=lambda r: r[0])
    assert len(rejected) == len(bad) + (kind == "jsonl")


def test_extract_tasks__keep_what_was_rejected_when_no_record_is_left() -> None:
    [task] = extract_tasks(iter([broken(Fields(("text",), html=True), "cannot be read", 3)]))
    block = task()
    assert (block.rows.num_rows, block.lines, [r.reason for r in block.rejected]) == (0, 3, ["cannot be read"])


def test_read_source__takes_a_text_file_for_a_page_if_asked_to(put) -> None:
    path = put("a.txt", page(passage(1)).encode())
    [(name, text, _)], _ = documents_of(Source(path, "a.txt", "text"), Fields((), html=True))
    assert (name, text.split("\n")[1:]) == ("a.txt", passage(1))


def test_write_extracted__writes_a_line_per_document() -> None:
    sink = io.BytesIO()
    write_extracted(pa.array(["a", "b"]), pa.array(['x\n"y"', "正文"], pa.large_string()), sink)
    lines = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert lines == [{"id": "a", "text": 'x\n"y"'}, {"id": "b", "text": "正文"}]


# -- texts in memory -------------------------------------------------------------------------------------------------

SHARED = passage(50, 5)


def held() -> list[dict[str, str | None]]:
    """Pages of which two pairs are copies in different layouts, two share a passage, and two have no text."""
    pages: list[str | None] = [page(passage(i // 2, 6), list(LAYOUTS)[i]) for i in range(4)]
    pages[2:2] = [None, "<html><script></script></html>"]
    pages += [page([*passage(60 + i), *SHARED], list(LAYOUTS)[i]) for i in range(2)]
    return [{"id": f"d{i}", "text": text} for i, text in enumerate(pages)]


def main_texts() -> dict[str, str]:
    return {row["id"]: main_text(row["text"]) for i, row in enumerate(held()) if row["text"] and i != 3}


@pytest.fixture(params=["table", "pairs"])
def inputs(request) -> pa.Table | list[tuple[str, str | None]]:
    rows = held()
    return pa.Table.from_pylist(rows) if request.param == "table" else [(row["id"], row["text"]) for row in rows]


def rows_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_dedupe__compares_the_main_texts_of_pages_in_memory(inputs) -> None:
    result = dedupe(inputs, Config(html=True, audit=0))
    removed = {row["id"]: row["kept_id"] for row in result.removed.to_pylist()}
    assert removed == {"d1": "d0", "d5": "d4"}
    assert result.summary["text_bytes"] == sum(len(text.encode()) for text in main_texts().values())
    assert [(row["line"], row["reason"]) for row in result.rejected.to_pylist()] == [
        (3, "the text is null"),
        (4, NO_TEXT),
    ]


@pytest.mark.parametrize(
    "config",
    [
        Config(html=True, audit=0, passages=True, cut=True),
        Config(html=True, audit=0, unit="piece", boilerplate="auto"),
        Config(html=True, audit=0, threshold=0.5, keep="cleanest"),
    ],
    ids=["passages", "pieces", "cleanest"],
)
def test_dedupe__finds_the_same_in_memory_as_in_a_file(put, config) -> None:
    file = dedupe(put("a.jsonl", lines_of(*held())), config)
    memory = dedupe(pa.Table.from_pylist(held()), config)
    places = ["file", "byte_start", "byte_end"]
    assert memory.documents.drop_columns(places).equals(file.documents.drop_columns(places))
    assert memory.pairs.equals(file.pairs)
    assert [row["line"] for row in memory.rejected.to_pylist()] == [row["line"] for row in file.rejected.to_pylist()]
    if config.passages:
        assert len(memory.passages) and memory.passages.equals(file.passages)


def test_save__writes_pages_in_memory_as_given_beside_their_main_texts(inputs, tmp_path) -> None:
    folder = dedupe(inputs, Config(html=True, audit=0)).save(tmp_path / "out")
    given = {row["id"]: row["text"] for row in held()}
    assert rows_of(folder / "text" / "texts.jsonl") == [{"id": k, "text": text} for k, text in main_texts().items()]
    kept, removed = (rows_of(folder / side / "texts.jsonl") for side in ("kept", "removed"))
    assert [row["id"] for row in removed] == ["d1", "d5"]
    assert {row["id"]: row["text"] for row in kept + removed} == {name: given[name] for name in main_texts()}


def test_save__cuts_the_main_texts_of_pages_in_memory(put, inputs, tmp_path) -> None:
    config = Config(html=True, audit=0, passages=True, cut=True)
    folder = dedupe(inputs, config).save(tmp_path / "out")
    cut = {row["id"]: row["text"] for row in rows_of(folder / "cut" / "texts.jsonl")}
    texts = main_texts()
    cuts = rows_of(folder / "cuts.jsonl")
    assert {row["id"] for row in cuts} == {"d7"} and "\n".join(SHARED) in cut["d6"] and SHARED[2] not in cut["d7"]
    for row in reversed(cuts):
        begin, end = row["start"], row["end"]
        cut[row["id"]] = cut[row["id"]][:begin] + texts[row["id"]][begin:end] + cut[row["id"]][begin:]
    assert cut == {name: text for name, text in texts.items() if name not in ("d1", "d5")}
    dedupe(put("a.jsonl", lines_of(*held())), config, out=tmp_path / "file")
    assert rows_of(tmp_path / "file" / "cut" / "a.jsonl.jsonl") == rows_of(folder / "cut" / "texts.jsonl")


@pytest.mark.parametrize("unit", ["page", "piece"])
def test_open__asks_main_texts_and_not_pages_in_memory(inputs, tmp_path, unit) -> None:
    result = dedupe(inputs, Config(html=True, audit=0, unit=unit))
    folder = result.save(tmp_path / "out")
    opened = Result.open(folder)
    names = opened.documents.column("id").to_pylist()
    wanted = list(main_texts().values())
    for one in (result, opened):
        assert one._texts_of(range(len(names))) == wanted
        assert one.at(0.9).removed.equals(one.removed)
    assert opened.rejected.equals(result.rejected)
    again = rows_of(opened.save(tmp_path / "again") / "text" / "texts.jsonl")
    assert again == rows_of(folder / "text" / "texts.jsonl")


def test_explain__of_pages_in_memory_speaks_of_their_main_texts(run_cli, inputs, tmp_path) -> None:
    dedupe(inputs, Config(html=True, audit=0), out=tmp_path / "out")
    outcome: Outcome = run_cli("explain", tmp_path / "out", "d6", "d7", "--json")
    found = json.loads(outcome.out)
    own = dedup.normalise(main_texts()["d6"])
    assert found["tokens_a"] == len(own) and found["label"] == "partial"


def test_dedupe__asks_for_the_extra_if_texts_in_memory_are_html(inputs, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(MissingExtra):
        dedupe(inputs, Config(html=True))


# -- processes ---------------------------------------------------------------------------------------------------


def in_a_thread(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(work).result(60)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "FEW", 0)


def outcomes(pages: list[str]) -> list[str]:
    found = []
    for markup in pages:
        try:
            found.append(extract(markup))
        except ValueError as error:
            found.append(f"no: {error}")
    return found


def test_extract__gives_the_same_in_a_process_of_its_own(at_once) -> None:
    pages = [page(passage(i), layout) for i, layout in enumerate(LAYOUTS)] + ["", "<html/>", "a b"]
    assert in_a_thread(lambda: outcomes(pages)) == outcomes(pages)


def test_extract__ends_its_process_with_the_thread(at_once) -> None:
    def work() -> int:
        extract(page(passage(1)))
        assert html._own.process is not None and html._own.process._process is not None
        return html._own.process._process.pid

    pid = in_a_thread(work)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_extract__loses_one_page_where_the_parser_breaks_down(at_once) -> None:
    def work() -> list[str]:
        first = outcomes([page(passage(1))])
        assert html._own.process is not None and html._own.process._process is not None
        os.kill(html._own.process._process.pid, signal.SIGKILL)
        return first + outcomes([page(passage(2)), page(passage(3))])

    good, bad, after = in_a_thread(work)
    assert good == main_text(page(passage(1)))
    assert bad == f"no: {html.BROKEN}"
    assert after == main_text(page(passage(3)))


def test_extract__does_without_a_process_where_none_can_be_started(at_once, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert in_a_thread(lambda: extract(page(passage(1)))) == main_text(page(passage(1)))


def test_serve__imports_nothing_of_the_package() -> None:
    """Its folder holds files called as modules of the standard library are."""
    text = Path(maintext.__file__).read_text(encoding="utf-8")
    assert "import dedup" not in text and "from dedup" not in text


def test_extract_block__does_not_depend_on_threads(at_once) -> None:
    rows = pa.table({"line": [1, 2], "byte_start": [0, 5], "byte_end": [4, 9], "text": [page(passage(1)), ""]})
    block = Block(rows, 2)
    one, other = extract_block(block), in_a_thread(lambda: extract_block(block))
    assert (one.rows, one.rejected) == (other.rows, other.rejected)
    assert one.rejected[0].byte_end == 9


# -- the extra ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.html", "a.warc.gz"])
def test_find_sources__asks_for_the_extra_before_anything_is_read(put, monkeypatch, name) -> None:
    path = put(name, b"\0")
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dedup\[html\]'"):
        find_sources([path])


def test_read_source__asks_for_the_extra_if_records_hold_html(put, monkeypatch) -> None:
    path = put("a.jsonl", lines_of({"text": "<p>x"}))
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    source = Source(path, "a.jsonl", "jsonl")
    read_source(source, Fields(()), "")
    with pytest.raises(MissingExtra):
        read_source(source, Fields((), html=True), "")


def test_check_extra__needs_nothing_for_other_formats(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    check_extra(["jsonl", "text"])


def test_run__ends_with_one_line_if_the_extra_is_missing(run_cli, put, monkeypatch) -> None:
    put("a.html", page(passage(1)).encode())
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    outcome: Outcome = run_cli("run", "a.html", "-o", "out")
    assert outcome.code == 2
    assert "dedup[html]" in outcome.err


def test_run__finds_pages_with_the_same_text_in_different_layouts(run, put) -> None:
    for i, layout in enumerate(LAYOUTS):
        put(f"in/{i}.html", page(passage(1), layout, list(SHELLS)[i % 3]).encode())
    put("in/other.txt", prose(1).encode())
    outcome = run("in")
    assert (outcome.summary["kept"], outcome.summary["exact"]) == (2, len(LAYOUTS) - 1)

"""Stretches of a text: ranges of its code points, and what is left without them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]
Edit = tuple[int, int, str]  # from, to, what stands there instead


def merged(stretches: Iterable[Stretch], size: int) -> list[Stretch]:
    """Stretches within a text of `size` code points, ascending, those that overlap or touch as one."""
    found: list[Stretch] = []
    for start, end in sorted((max(0, start), min(size, end)) for start, end in stretches if start < end):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def with_lines(text: str, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Merged stretches, grown so that none leaves an empty line behind.

    Where they leave nothing but blanks of a line, the blanks go with them, and the line end behind; on the last line,
    the one before. A stretch that ends with a line end has taken it already. Time is linear in the text.
    """
    found: list[Stretch] = []
    done, fresh = 0, True  # before `done` all is settled; whether what is kept of it ends where a line begins
    i = 0
    while i < len(stretches):
        line = text.rfind("\n", done, stretches[i][0]) + 1
        blank = bool(line or fresh) and _is_blank(text[line or done : stretches[i][0]])
        line = line or done
        first = i
        i, gaps = _line_mates(text, stretches, i)
        end = stretches[i - 1][1]
        taken = text[end - 1] == "\n"
        stop = -1 if taken else text.find("\n", end)
        grown = end if taken else stop + 1 if stop >= 0 else len(text)
        if not (blank and gaps and _is_blank(text[end:grown])):
            found += stretches[first:i]
            done, fresh = end, False
            continue
        if found and found[-1][1] == line:
            line = found.pop()[0]
        if not taken and stop < 0 and line:
            line -= 2 if text[line - 2 : line] == "\r\n" else 1
        found.append((line, grown))
        done, fresh = grown, True
    return merged(found, len(text))


def _line_mates(text: str, stretches: Sequence[Stretch], i: int) -> tuple[int, bool]:
    """The first stretch that does not begin on the line on which stretch `i`, or one of its mates, ends.

    And whether nothing but blanks is between those that do.
    """
    blank = True
    while i + 1 < len(stretches):
        end, start = stretches[i][1], stretches[i + 1][0]
        if text[end - 1] == "\n" or text.find("\n", end, start) >= 0:
            break
        blank = blank and _is_blank(text[end:start])
        i += 1
    return i + 1, blank


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def settled(
    values: Sequence[tuple[str, str]], asked: Sequence[Stretch]
) -> tuple[dict[str, list[Stretch]], list[Stretch]]:
    """What is cut out of each text field of a record, and the same in its joined text.

    Parameters
    ----------
    values : sequence of (field, text)
        In the order in which they are joined. A field that is joined twice loses the same in both places.
    asked : sequence of Stretch
        Of the joined text, in any order. The line ends between the fields are in none of them, and so cannot be cut.
    """
    shares: dict[str, list[Stretch]] = {name: [] for name, _ in values}
    at = 0
    for name, value in values:
        shares[name] += merged(((start - at, end - at) for start, end in asked), len(value))
        at += len(value) + 1
    cut = {name: with_lines(value, merged(shares[name], len(value))) for name, value in values}
    joined: list[Stretch] = []
    at = 0
    for name, value in values:
        joined += [(start + at, end + at) for start, end in cut[name]]
        at += len(value) + 1
    return cut, joined


def edited(text: str, edits: Iterable[Edit]) -> str:
    """`text` with edits that ascend and do not overlap."""
    parts, at = [], 0
    for start, end, new in edits:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def without(text: str, stretches: Iterable[Stretch]) -> str:
    """`text` with merged stretches taken out."""
    return edited(text, [(start, end, "") for start, end in stretches])

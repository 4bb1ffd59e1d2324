"""What a template is: words, slots, blocks that may stand or not; and what a text has in its slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dedup.errors import InputError

if TYPE_CHECKING:
    from dedup.templates.project import Matcher


class Span(NamedTuple):
    """A value as it stands in a text: code points, and the raw characters."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in every text of the template."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that every text fills for itself.

    Attributes
    ----------
    number : int
        In reading order, from 0.
    variable : int
        Index into the variables of the template: slots that always agree are one.
    head, tail : str
        What all values begin and end with and what belongs to them: the 县 of a county.
    form : str
        ``year`` or ``number`` if no words part it from the slot beside it, which holds what does not look like one;
        then it may be empty. See `dedup.templates.sidebyside`.
    """

    number: int
    variable: int
    head: str = ""
    tail: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Words and slots that stand together or not at all, or again and again with other values.

    Attributes
    ----------
    number : int
        In reading order, from 0.
    segments : tuple of Words and Slot
    least, most : int
        How often it stands in the texts that were looked at; `most` 1: it is optional, above: it is a list.
    share : float
        Of the texts in which it stands.
    """

    number: int
    segments: tuple[Words | Slot, ...]
    least: int
    most: int
    share: float

    @property
    def kind(self) -> str:
        """Optional, or list."""
        return "optional" if self.most <= 1 else "list"


@dataclass(frozen=True, slots=True)
class Variable:
    """What the slots that share it hold.

    Attributes
    ----------
    name : str
        Column of the table of values: ``place``, ``place_2``, ``number_3``.
    type : str
        number percentage money date year ordinal place person organisation title mask text.
    unit : str
        Of a number or an amount; empty if there is none.
    distinct : int
        How many values the texts that were looked at have.
    examples : tuple of str
        The most frequent ones.
    """

    name: str
    type: str
    unit: str
    distinct: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """What one text has in the slots of a template.

    Attributes
    ----------
    slots : tuple of tuple of Span
        For each slot, by number, every place it stands: none in a block that is left out, several in a list.
    blocks : tuple of int
        For each block, by number, how often it stands.
    edits : int
        Tokens of the text that are neither words of the template nor in a slot, and words that are missing from it;
        a character spelled otherwise (，for ,) counts, too. With none of them `Template.fill` gives the text back.
    """

    slots: tuple[tuple[Span, ...], ...]
    blocks: tuple[int, ...]
    edits: int


@dataclass(frozen=True, slots=True)
class Template:
    """Words with slots, and how well they describe the texts they were found in.

    Attributes
    ----------
    segments : tuple of Words, Slot and Block
        In reading order.
    variables : tuple of Variable
    size : int
        Texts in the family.
    sample : int
        Texts the template was made from.
    compression : float
        Bits that the texts cost when the template is told once and each text as its values and edits, by the bits they
        cost one by one.
    concentration : float
        Share of the differing characters that lie in slots; the rest are edits.
    members : tuple of str
        Identifiers of the texts of the family, where it was found in a collection.
    """

    segments: tuple[Words | Slot | Block, ...]
    variables: tuple[Variable, ...]
    size: int
    sample: int
    compression: float
    concentration: float
    members: tuple[str, ...] = ()
    _matchers: list[Matcher] = field(default_factory=list, init=False, repr=False, compare=False)

    def matcher(self) -> Matcher:
        """The template made ready for texts; made once."""
        from dedup.templates.project import Matcher

        if not self._matchers:
            self._matchers.append(Matcher(self.segments))
        return self._matchers[0]

    def flat(self) -> Iterator[Words | Slot]:
        """All words and slots in reading order, those of blocks among them."""
        for segment in self.segments:
            if isinstance(segment, Block):
                yield from segment.segments
            else:
                yield segment

    def slots(self) -> list[Slot]:
        """The slots, by number."""
        return [segment for segment in self.flat() if isinstance(segment, Slot)]

    def blocks(self) -> list[Block]:
        """The blocks, by number."""
        return [segment for segment in self.segments if isinstance(segment, Block)]

    def with_size(self, size: int) -> Template:
        """The same template of a family of that many texts."""
        return replace(self, size=size)

    def match(self, text: str) -> Values | None:
        """The values that a text has in the slots, None if it was not filled into this template.

        Parameters
        ----------
        text : str

        Returns
        -------
        values : Values or None

        Notes
        -----
        Linear in the length of the text: anchors first, then the gaps between them. See `dedup.templates.project`.
        """
        from dedup.templates.project import match

        return match(self, text)

    def fill(self, values: Values) -> str:
        """The text that has these values; the one they were taken from if that has no edits.

        Parameters
        ----------
        values : Values

        Returns
        -------
        text : str

        Raises
        ------
        InputError
            If the values are not those of this template.
        """
        slots, blocks = self.slots(), self.blocks()
        if len(values.slots) != len(slots) or len(values.blocks) != len(blocks):
            raise InputError(
                f"values of {len(values.slots)} slots and {len(values.blocks)} blocks; "
                f"the template has {len(slots)} and {len(blocks)}"
            )
        parts: list[str] = []

        def put(segment: Words | Slot, turn: int) -> None:
            if isinstance(segment, Words):
                parts.append(segment.text)
            elif turn < len(values.slots[segment.number]):
                parts.append(values.slots[segment.number][turn].text)

        for segment in self.segments:
            if isinstance(segment, Block):
                for turn in range(values.blocks[segment.number]):
                    for inner in segment.segments:
                        put(inner, turn)
            else:
                put(segment, 0)
        return "".join(parts)

    def by_variable(self, values: Values) -> dict[str, list[str]]:
        """The raw values of each variable by its name, in reading order; slots that agree are not merged."""
        found: dict[str, list[str]] = {variable.name: [] for variable in self.variables}
        for slot in self.slots():
            found[self.variables[slot.variable].name] += [span.text for span in values.slots[slot.number]]
        return found

    def regex(self) -> str:
        """A regular expression that matches the texts without edits; see `dedup.templates.show`."""
        from dedup.templates.show import regex

        return regex(self)

    def readable(self) -> str:
        """The template as one reads it: ``{place}地处{place}东南部,辖{number}个乡镇``."""
        from dedup.templates.show import readable

        return readable(self)

    def to_json(self) -> dict[str, Any]:
        """The template as plain dicts, lists, strings and numbers."""
        return {
            "size": self.size,
            "sample": self.sample,
            "segments": [_segment_json(segment) for segment in self.segments],
            "variables": [{**asdict(variable), "examples": list(variable.examples)} for variable in self.variables],
            "compression": self.compression,
            "concentration": self.concentration,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Template:
        """The template that `to_json` gave; other keys of the record are passed over.

        Raises
        ------
        InputError
            If something is missing or of another kind.
        """
        try:
            variables = tuple(
                Variable(
                    _text(item["name"]),
                    _text(item["type"]),
                    _text(item["unit"]),
                    int(item["distinct"]),
                    tuple(map(_text, item["examples"])),
                )
                for item in record["variables"]
            )
            segments = tuple(_segment_of(item) for item in record["segments"])
            figures = (
                int(record["size"]),
                int(record["sample"]),
                float(record["compression"]),
                float(record["concentration"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"no template: {error!r}") from None
        names = [variable.name for variable in variables]
        if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
            raise InputError("no template: its variables have no names of their own")
        template = cls(segments, variables, *figures)
        numbered = [slot.number for slot in template.slots()] == list(range(len(template.slots())))
        numbered &= [block.number for block in template.blocks()] == list(range(len(template.blocks())))
        if not numbered or any(not 0 <= slot.variable < len(variables) for slot in template.slots()):
            raise InputError("no template: its slots are not numbered in reading order, or name variables it has not")
        return template


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _segment_json(segment: Words | Slot | Block) -> dict[str, Any]:
    if isinstance(segment, Words):
        return {"text": segment.text}
    if isinstance(segment, Slot):
        told = {"slot": segment.number, "variable": segment.variable, "head": segment.head, "tail": segment.tail}
        return told | {"form": segment.form} if segment.form else told
    inner = [_segment_json(item) for item in segment.segments]
    figures = {"block": segment.number, "least": segment.least, "most": segment.most, "share": segment.share}
    return {segment.kind: inner, **figures}


def _segment_of(item: dict[str, Any]) -> Words | Slot | Block:
    if "text" in item:
        return Words(_text(item["text"]))
    if "slot" in item:
        rims = (_text(item.get(key, "")) for key in ("head", "tail", "form"))
        return Slot(int(item["slot"]), int(item["variable"]), *rims)
    inner = tuple(_inner(part) for part in (item["optional"] if "optional" in item else item["list"]))
    if not any(isinstance(part, Words) and part.text for part in inner):
        raise ValueError("a block without words")
    return Block(int(item["block"]), inner, int(item["least"]), int(item["most"]), float(item["share"]))


def _inner(item: dict[str, Any]) -> Words | Slot:
    segment = _segment_of(item)
    if isinstance(segment, Block):
        raise ValueError("a block within a block")
    return segment

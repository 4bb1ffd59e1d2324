"""A document as its writer left it, with what the changes to come need to know of it."""

from dataclasses import dataclass

from corpus.marked import Text


@dataclass(frozen=True, slots=True)
class Report:
    """A clean report or a member of a template."""

    title: str
    text: Text
    """Its marks are the slots of a template member; a clean report has none."""
    form: str
    """report, plan, notice, regulation, minutes, news, english or short."""
    topic: str
    place: str
    """Its home county."""
    year: int
    people: tuple[str, ...]
    """The names of persons that stand in the text."""

    @property
    def english(self) -> bool:
        """Whether the text is English, which leaves only some of the changes to make."""
        return self.form == "english"

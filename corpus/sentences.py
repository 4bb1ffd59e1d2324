"""Sentences that no two clean reports share.

Without this promise the sample could not tell a copy from two reports that happen to say the same thing.
"""

import re
from hashlib import blake2b

SENTENCE_END = re.compile(r"[。！？!?\n]")


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, without their stops."""
    return [piece for piece in (part.strip() for part in SENTENCE_END.split(text)) if piece]


class UsedSentences:
    """Remembers every sentence given out, as eight bytes each."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def claim(self, text: str) -> bool:
        """Takes the sentences of a text, unless one of them is taken already."""
        marks = {blake2b(piece.encode(), digest_size=8).digest() for piece in split_sentences(text)}
        if not self._seen.isdisjoint(marks):
            return False
        self._seen |= marks
        return True

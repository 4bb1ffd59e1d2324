"""Turns a sentence pattern into a sentence.

A pattern is expanded in one go, or in two: first the wording with the scene's slots left open (that is a template),
then the scene's slots, once for every member of the template.
"""

import re
from random import Random

from corpus.lexicon import lists
from corpus.scene import Scene, is_open

SLOT = re.compile(r"\{([^{}]+)\}")
DEEPEST = 8
TOPIC_SLOTS = ("term", "work", "figure", "fault")


def fill_wording(pattern: str, topic: str, rng: Random) -> str:
    """Chooses words for every slot but the scene's own, which stay in the text."""

    def choose(match: re.Match[str]) -> str:
        slot = match[1]
        if is_open(slot):
            return match[0]
        if "|" in slot:
            return rng.choice(slot.split("|"))
        if slot == "topic":
            return topic
        return rng.choice(lists()[f"{topic}.{slot}" if slot in TOPIC_SLOTS else slot])

    for _ in range(DEEPEST):  # an entry may hold slots itself
        filled = SLOT.sub(choose, pattern)
        if filled == pattern:
            return filled
        pattern = filled
    raise ValueError(f"slots nest deeper than {DEEPEST}: {pattern}")


def fill_scene(wording: str, scene: Scene) -> str:
    """Puts the scene's names and figures into the slots that fill_wording left open."""
    return SLOT.sub(lambda match: scene.fill(match[1]), wording)

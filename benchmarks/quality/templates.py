"""Templates of planted families: their values, the families in a collection, copies told from templates, and others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from benchmarks import template_speed
from benchmarks.measurement import FULL, QUICK, Measurement
from benchmarks.pages import parts
from benchmarks.quality.agreement import agreement
from benchmarks.quality.tally import Tally, add_up
from benchmarks.templates import Finder, load
from benchmarks.templates.planted import CHINESE, ENGLISH, LINES, Family, plant, plant_copies, plant_line, unrelated
from benchmarks.templates.scores import RATIOS, count_family, finish
from benchmarks.templates.words import UNITS
from corpus.lexicon import topics

COMMAND = "python -m benchmarks run --only templates"
LANGUAGES = (CHINESE, ENGLISH)
REPORTS, SHORT = "reports", "lines"
NEAR, TEMPLATED = "near", "templated"
LABEL_RATIOS = {"precision": ("both", "said"), "recall": ("both", "planted"), "f1": ("both_twice", "planted_and_said")}


class Plan(NamedTuple):
    """How much is planted.

    Attributes
    ----------
    seeds : tuple of int
        Seeds below 10 are for tuning and never reported.
    sizes : tuple of int
        Members of a family.
    noises : tuple of float
    families : int
        Of every language, size, noise and seed.
    large : int or None
        One family of that many members, of the first seed.
    collected : tuple of int
        Members of the families in a collection; as many other texts stand among them.
    copied : tuple of int
        Sizes of families of copies, and of templates among them.
    others : tuple of int
        Sizes of the families that other tools see.
    """

    seeds: tuple[int, ...]
    sizes: tuple[int, ...]
    noises: tuple[float, ...]
    families: int
    large: int | None
    collected: tuple[int, ...]
    copied: tuple[int, ...]
    others: tuple[int, ...]


PLANS = {
    FULL: Plan(
        tuple(range(100, 110)),
        (2, 3, 5, 10, 20, 50),
        (0.0, 0.01, 0.03),
        3,
        1000,
        (5, 5, 5, 5, 10, 10, 10, 20, 20, 50),
        (2, 3, 5, 10),
        (5, 20),
    ),
    QUICK: Plan((100,), (2, 5), (0.0, 0.01), 1, None, (5, 5), (2, 3), (5,)),
}
COPIED_FAMILIES = 8
OTHER_FAMILIES, OTHER_SEEDS = 2, 3


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """All parts; one that falls over leaves a failed line."""
    plan = PLANS[effort]
    yield from parts(
        "templates",
        effort,
        {
            "values": lambda: values(plan),
            "families": lambda: families(plan),
            "labels": lambda: labels(plan),
            "others": lambda: others(plan),
            "speed": lambda: template_speed.measure(effort, folder),
        },
    )


# -- values --------------------------------------------------------------------------------------------------------


def values(plan: Plan) -> list[Measurement]:
    """What stands in the slots of planted families, by language, size and noise; and planted type × found type."""
    ours = load("ours")()
    counted: list[Tally] = []
    types: dict[str, Counter[str]] = {}
    for language, size, noise in _cells(plan):
        for seed in plan.seeds if size <= max(plan.sizes) else plan.seeds[:1]:
            counts: Counter[str] = Counter()
            for family in _families(plan, language, size, noise, seed):
                counts += count_family(family, ours.read(family.texts))
            case = {"measure": "values", "language": language, "members": size, "noise": noise}
            counted.append(tally(case, counts))
            for name, count in counts.items():
                if name.startswith("type "):
                    planted, _, said = name.removeprefix("type ").partition(" as ")
                    types.setdefault(planted, Counter())[f"said_{said}" if said else "columns"] += count
    on = {"seeds": _span(plan.seeds), "families": plan.families}
    kinds = [
        Measurement("templates", {**on, "measure": "type", "planted": t}, {**c}, COMMAND) for t, c in types.items()
    ]
    return [*add_up(counted, "templates", on, COMMAND), *kinds]


def _cells(plan: Plan) -> Iterator[tuple[str, int, float]]:
    yield from product(LANGUAGES, plan.sizes, plan.noises)
    if plan.large:
        yield from product(LANGUAGES, (plan.large,), plan.noises)


def _families(plan: Plan, language: str, size: int, noise: float, seed: int) -> Iterator[Family]:
    for number in range(plan.families if size <= max(plan.sizes) else 1):
        yield plant(language, size, noise, Random(f"{seed} {language} {size} {noise} {number}"))


def tally(case: dict[str, object], counts: Counter[str]) -> Tally:
    """Counts of families as a tally: without those by type, which are told apart."""
    kept = {name: count for name, count in finish(counts).items() if not name.startswith("type ")}
    return Tally(dict(case), kept, RATIOS)


def _span(seeds: tuple[int, ...]) -> str:
    return f"{seeds[0]}-{seeds[-1]}" if len(seeds) > 1 else str(seeds[0])


# -- families in a collection --------------------------------------------------------------------------------------


class Collection(NamedTuple):
    """Texts in random order, and the planted class of each; texts in no family have one of their own."""

    texts: list[str]
    classes: np.ndarray


def collect(texts: str, language: str, noise: float, sizes: Iterable[int], seed: int) -> Collection:
    """Families of these sizes, and as many texts that have nothing to do with them or with each other."""
    rng = Random(f"{seed} {texts} {language} {noise} collection")
    made: list[tuple[str, int]] = []
    known = list(topics(language))
    rng.shuffle(known)  # two families of titles on one topic may have the same wording
    for number, size in enumerate(sizes):
        family = _family(texts, language, size, noise, number, rng, known[number % len(known)])
        made += [(text, number) for text in family.texts]
    alone = unrelated(language, len(made), rng, line=texts == SHORT)
    made += [(text, -1 - number) for number, text in enumerate(alone)]
    rng.shuffle(made)
    return Collection([text for text, _ in made], np.array([number for _, number in made]))


def _family(
    texts: str, language: str, size: int, noise: float, number: int, rng: Random, topic: str | None = None
) -> Family:
    if texts == REPORTS:
        return plant(language, size, noise, rng)
    return plant_line(list(LINES)[number % len(LINES)], language, size, noise, rng, topic=topic)


def families(plan: Plan) -> list[Measurement]:
    """The families found in collections, against those planted."""
    return add_up(
        [
            _agreed(load("ours")(), "ours", texts, language, noise, plan, seed)
            for texts, language, noise in product((REPORTS, SHORT), LANGUAGES, (0.0, 0.01))
            for seed in plan.seeds
        ],
        "templates",
        {"seeds": _span(plan.seeds), "sizes": _sizes(plan)},
        COMMAND,
    )


def _agreed(finder: Finder, tool: str, texts: str, language: str, noise: float, plan: Plan, seed: int) -> Tally:
    collection = collect(texts, language, noise, plan.collected, seed)
    found = agreement(np.array(finder.families(collection.texts)), collection.classes)
    names = {"ari": found.ari, "b3_precision": found.precision, "b3_recall": found.recall, "b3_f1": found.f1}
    counts = {"documents": len(collection.texts), "collections": 1.0}
    counts |= {f"{name}_sum": value for name, value in names.items()}
    case = {"measure": "families", "tool": tool, "texts": texts, "language": language, "noise": noise}
    return Tally(case, counts, {name: (f"{name}_sum", "collections") for name in names})


def _sizes(plan: Plan) -> str:
    return ", ".join(map(str, plan.collected))


# -- copies and templates ------------------------------------------------------------------------------------------


def labels(plan: Plan) -> list[Measurement]:
    """Documents of planted copies and of planted templates, by what they are called; macro-F1 for pairs and more."""
    on = {"seeds": _span(plan.seeds), "families": COPIED_FAMILIES}
    counted = [
        one
        for language, size, seed in product(LANGUAGES, plan.copied, plan.seeds)
        for one in _labelled(language, size, seed)
    ]
    found = add_up(counted, "templates", on, COMMAND)
    for group in ("2", "3 and more"):
        each = [x.values["f1"] for x in found if x.case["measure"] == "label" and x.case["members"] == group]
        known = [value for value in each if value is not None]
        mean = round(sum(known) / len(known), 6) if known else None
        case = {**on, "measure": "labels", "members": group}
        found.append(Measurement("templates", case, {"macro_f1": mean}, COMMAND))
    return found


def _labelled(language: str, size: int, seed: int) -> Iterator[Tally]:
    """One collection of as many families of copies as of templates, half of these with 1 % noise."""
    from benchmarks.templates.ours import labels as said_of
    from benchmarks.templates.ours import run

    rng = Random(f"{seed} {language} {size} copies")
    made: list[tuple[str, str]] = []
    for number in range(COPIED_FAMILIES):
        made += [(text, NEAR) for text in plant_copies(language, size, rng)]
        made += [(text, TEMPLATED) for text in plant(language, size, 0.01 * (number % 2), rng).texts]
    rng.shuffle(made)
    planted = np.array([label for _, label in made])
    said = np.array(said_of(run([text for text, _ in made])))
    group = "2" if size == 2 else "3 and more"
    for label in (NEAR, TEMPLATED):
        here = planted == label
        counts = {"planted": int(here.sum()), "said": int((said == label).sum())}
        counts["both"] = int((here & (said == label)).sum())
        counts["both_twice"], counts["planted_and_said"] = 2 * counts["both"], counts["planted"] + counts["said"]
        counts |= {f"said_{other or 'nothing'}": int((here & (said == other)).sum()) for other in (NEAR, TEMPLATED, "")}
        yield Tally({"measure": "label", "members": group, "planted": label}, counts, LABEL_RATIOS)


# -- others --------------------------------------------------------------------------------------------------------


def others(plan: Plan) -> Iterator[Measurement]:
    """The same families given to other tools, by words and by characters; one not installed leaves a failed line."""
    seeds = plan.seeds[:OTHER_SEEDS]
    on = {"seeds": _span(seeds), "families": OTHER_FAMILIES}
    for texts, name in product((SHORT, REPORTS), ("ours", "drain", "infoshield")):
        if texts == REPORTS and name == "drain":
            continue  # groups only texts of equally many tokens
        for unit in UNITS if name != "ours" else ("",):
            tool = f"{name}, {unit}" if unit else name
            try:
                finder = load(name)(unit) if unit else load(name)()
                counted = list(_held_against(finder, tool, texts, plan, seeds))
            except ImportError as error:
                case = {**on, "measure": "others", "tool": tool, "texts": texts}
                yield Measurement("templates", case, {}, COMMAND, failed=f"{type(error).__name__}: {error}")
                continue
            yield from add_up(counted, "templates", on, COMMAND)


def _held_against(finder: Finder, tool: str, texts: str, plan: Plan, seeds: tuple[int, ...]) -> Iterator[Tally]:
    for language, size, noise, seed in product(LANGUAGES, plan.others, (0.0, 0.01), seeds):
        counts: Counter[str] = Counter()
        # All kinds of lines as often as each other.
        for number in range(OTHER_FAMILIES * (len(LINES) if texts == SHORT else 1)):
            rng = Random(f"{seed} {texts} {language} {size} {noise} {number}")
            family = _family(texts, language, size, noise, number, rng)
            counts += count_family(family, finder.read(family.texts))
        case = {"tool": tool, "texts": texts, "language": language, "members": size, "noise": noise}
        yield tally({"measure": "others", **case}, counts)
    if tool != "ours":
        for language, seed in product(LANGUAGES, seeds):
            yield _agreed(finder, tool, texts, language, 0.0, plan, seed)

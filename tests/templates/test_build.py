"""Templates built from planted families: floors that can fail, and what must be the same twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import pytest

from benchmarks.templates.planted import Family, plant, plant_copies, plant_line
from dedup.templates.build import SAMPLE, Built, build_template
from dedup.templates.model import Template, Values

TOWNS = "黍塘 石梁 枫河 澜源 广塬 椒峡 枳关 麦坪 竹溪 柳林 桑园 槐荫 梧桐 菊潭 兰陵 荷塘 莲花 茶亭 枣阳 橘洲".split()
CROPS = "水稻 玉米 大豆 油菜 茶叶 柑橘 烟草 棉花 花生 芝麻".split()


def notice(town: str, households: int, crop: str, day: int, closed: bool = False) -> str:
    """A text of one template: four values, and a paragraph that not all have."""
    more = "\n因道路施工，当天农贸市场临时闭市，请商户提前收摊并妥善安置货品。" if closed else ""
    return (
        f"关于{town}镇开展{crop}种植补贴申报工作的通知\n"
        f"今年全镇共有{households}户农民报名参加{crop}种植，请各村于6月{day}日前把名册送到农技站复核。{more}\n"
        f"逾期不报的视为自动放弃，由村委会张榜公布，接受群众监督。"
    )


def notices(count: int, *, seed: int = 3) -> tuple[list[str], list[list[str]]]:
    random = Random(seed)
    texts, values = [], []
    towns, crops = random.sample(TOWNS, len(TOWNS)), random.sample(CROPS, len(CROPS))
    for number in range(count):
        town, crop = towns[number % len(towns)], crops[(number + number // len(towns)) % len(crops)]
        households, day = random.randint(100, 9999), random.randint(1, 30)
        texts.append(notice(town, households, crop, day, number % 2 == 0))
        values.append([town, crop, str(households), crop, str(day)])
    return texts, values


def template_of(built: Built) -> Template:
    assert built.template is not None
    return built.template


def matched(template: Template, text: str) -> Values:
    values = template.match(text)
    assert values is not None
    return values


def restored(template: Template, texts: Sequence[str]) -> float:
    """Share of the texts that filling in their values gives back."""
    found = [template.match(text) for text in texts]
    return sum(v is not None and template.fill(v) == t for v, t in zip(found, texts, strict=True)) / len(texts)


@pytest.mark.parametrize("count", [5, 20, 60])
def test_build_template__finds_every_value_of_clean_texts(count: int) -> None:
    """A value may take in what belongs to it (5245户, 黍塘镇, 6月3日), and must hold nothing else."""
    texts, wanted = notices(count)
    template = template_of(build_template(texts))
    assert len(template.blocks()) == 1 and template.blocks()[0].kind == "optional"
    for text, values in zip(texts, wanted, strict=True):
        found = matched(template, text)
        assert found.edits == 0 and template.fill(found) == text
        spans = [span.text for spans in found.slots for span in spans]
        assert len(spans) == len(values)
        for span, value in zip(spans, values, strict=True):
            assert value in span and len(span) <= len(value) + 3
        assert found.blocks == (int("闭市" in text),)


def test_build_template__types_and_links_the_values_of_clean_texts() -> None:
    template = template_of(build_template(notices(30)[0]))
    kinds = [template.variables[slot.variable].type for slot in template.slots()]
    assert kinds[0] == "place" and kinds[2] == "number" and kinds[4] == "date"
    variables = [slot.variable for slot in template.slots()]
    assert variables[1] == variables[3], "the crop stands twice and is one variable"
    assert len(set(variables)) == 4
    assert len({variable.name for variable in template.variables}) == 4
    assert all(re.fullmatch(r"[a-z]+(_\d+)?", variable.name) for variable in template.variables)


def test_build_template__describes_texts_it_was_not_built_from() -> None:
    template = template_of(build_template(notices(20)[0]))
    for text in notices(30, seed=9)[0]:
        found = matched(template, text)
        assert found.edits == 0 and template.fill(found) == text


@pytest.mark.parametrize("count", [2, 3, 4])
def test_build_template__of_a_few_texts_gives_them_back(count: int) -> None:
    texts = [notice(TOWNS[i], 1200 + 731 * i, CROPS[i], 3 + 5 * i) for i in range(count)]
    template = template_of(build_template(texts))
    assert restored(template, texts) == 1
    found = [[span.text for spans in matched(template, text).slots for span in spans] for text in texts]
    assert all(str(1200 + 731 * i) in "".join(found[i]) for i in range(count))


def test_build_template__finds_a_value_that_two_of_five_texts_share() -> None:
    towns = ["麦坪", "橘洲", "荷塘", "荷塘", "广塬"]
    texts = [notice(towns[i], 1200 + 731 * i, CROPS[i], 3 + 5 * i) for i in range(5)]
    found = [matched(template_of(build_template(texts)), text) for text in texts]
    assert all(town in values.slots[0][0].text for town, values in zip(towns, found, strict=True))
    assert [values.edits for values in found] == [0] * 5


def test_build_template__of_a_list_that_all_texts_have_alike_has_no_slots_in_it() -> None:
    """Its items differ from each other, but not between texts: they are words."""
    items = "".join(f"\n第{i}组负责{CROPS[i]}和{TOWNS[i]}片区的田间管理" for i in range(6))
    texts = [f"{notice(TOWNS[i], 900 + 77 * i, CROPS[i], 2 + 3 * i)}\n分工如下：{items}\n特此通知" for i in range(6)]
    template = template_of(build_template(texts))
    assert all(block.kind == "optional" for block in template.blocks())
    assert len(template.slots()) == 5 and restored(template, texts) == 1


def test_build_template__gives_the_same_for_the_same_texts() -> None:
    family = plant("zh", 12, 0.01, Random(4))
    one, other = build_template(family.texts), build_template(family.texts)
    assert one == other
    assert one.template is None or one.template.to_json() == template_of(other).to_json()


def test_build_template__looks_at_a_sample_and_tells_the_size_of_all() -> None:
    texts, _ = notices(5000)
    built = build_template(texts)
    template = template_of(built)
    assert (template.size, template.sample) == (5000, SAMPLE)
    assert build_template(texts) == built
    assert restored(template, texts[::100]) == 1


def test_build_template__takes_the_sample_that_the_seed_says() -> None:
    texts, _ = notices(100)
    one, same, other = (template_of(build_template(texts, sample=20, seed=seed)) for seed in (1, 1, 2))
    assert one == same and one.sample == 20
    examples = [[variable.examples for variable in template.variables] for template in (one, other)]
    assert examples[0] != examples[1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_build_template__covers_the_characters_of_planted_values(language: str, seed: int) -> None:
    """A floor far below what is reported: it fails if something breaks, not if something is tuned."""
    family = plant(language, 20, 0.0, Random(seed))
    template = template_of(build_template(family.texts))
    assert template.compression < 0.5 and template.concentration > 0.8
    right, found, planted = _characters(family, template)
    assert right >= 0.75 * planted, "values that were planted were not found"
    assert right >= 0.6 * found, "values were found where words stand"


def _characters(family: Family, template: Template) -> tuple[int, int, int]:
    """Characters of values that were planted and found, found, planted."""
    right = found = planted = 0
    for member in family.members:
        values = template.match(member.text)
        spans = [span for spans in values.slots for span in spans] if values else []
        ours = {at for span in spans for at in range(span.start, span.end)}
        # What all members have alike nobody can tell from words: it counts neither way.
        truth = {at for slot in member.slots for at in range(slot.start, slot.end) if slot.column in family.asked}
        unasked = {at for slot in member.slots for at in range(slot.start, slot.end)} - truth
        right += len(ours & truth)
        found += len(ours - unasked)
        planted += len(truth)
    return right, found, planted


@pytest.mark.parametrize("language", ["zh", "en"])
def test_build_template__gives_most_clean_texts_back(language: str) -> None:
    shares = []
    for seed in range(6):
        family = plant(language, 8, 0.0, Random(seed))
        template = build_template(family.texts).template
        shares.append(restored(template, family.texts) if template else 0.0)
    assert sum(shares) / len(shares) >= 0.6, shares


@pytest.mark.parametrize("kind", ["title", "notice", "item"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_build_template__of_short_lines_mostly_finds_one(language: str, kind: str) -> None:
    built = [build_template(plant_line(kind, language, 20, 0.0, Random(seed)).texts) for seed in range(8)]
    assert sum(each.template is not None for each in built) >= 5


@pytest.mark.parametrize("count", [3, 5, 20])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_build_template__of_copies_with_edits_is_none_or_of_low_concentration(language: str, count: int) -> None:
    """Edits here and there are no values."""
    for seed in range(4):
        built = build_template(plant_copies(language, count, Random(seed)))
        assert built.template is None or built.concentration < 0.4, (seed, built.concentration)


def test_build_template__matches_with_its_regex_what_it_matches_without_edits() -> None:
    for texts in (notices(20)[0], *(plant("zh", 10, 0.0, Random(seed)).texts for seed in range(3))):
        template = template_of(build_template(texts))
        pattern = re.compile(template.regex())
        plain = [text for text in texts if matched(template, text).edits == 0]
        assert sum(pattern.fullmatch(text) is not None for text in plain) >= 0.7 * len(plain)


def test_build_template__has_parts_in_order_that_are_written_and_read() -> None:
    for seed in range(3):
        template = template_of(build_template(plant("zh", 8, 0.0, Random(seed)).texts))
        assert Template.from_json(template.to_json()) == template
        assert template.readable() and template.slots() == sorted(template.slots(), key=lambda slot: slot.number)

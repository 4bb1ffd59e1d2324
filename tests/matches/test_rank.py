from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dedup.matches.rank import rank_documents


def rank(rule: str, values: list[str | None] | None = None, reference: list[bool] | None = None) -> list[int]:
    from dedup.config import Config

    tokens = np.array([5, 9, 9, 2])
    return rank_documents(
        Config(keep=rule).keep_rule(),
        tokens=tokens,
        reference=np.array(reference or [False] * 4),
        damage=np.array([1, 1, 0, 2]),
        values=pa.chunked_array([pa.array(values, pa.string())]) if values else None,
    ).tolist()


def test_rank__first_is_the_order_of_the_input() -> None:
    assert rank("first") == [0, 1, 2, 3]


def test_rank__longest_breaks_ties_by_position() -> None:
    assert rank("longest") == [1, 2, 0, 3]


def test_rank__cleanest_has_least_damage_per_token() -> None:
    assert rank("cleanest") == [2, 1, 0, 3]


def test_rank__order_puts_unlisted_values_last() -> None:
    assert rank("order:source=b,a", ["a", "c", "b", None]) == [2, 0, 1, 3]


@pytest.mark.parametrize(
    "values",
    [
        ["2021-01-02", "2023-05-01", None, "2022-12-31"],
        ["2021年1月2日", "2023年5月1日", "", "2022年12月31日"],
        ["20210102", "20230501", "keine", "20221231"],
        ["1609545600", "1682899200.5", None, "1672444800"],
        ["2023-05-01T08:00:00Z", "2023-05-01T09:30:00Z", "x", "2023-05-01 09:29"],
    ],
)
def test_rank__newest_reads_dates_in_any_notation(values: list[str | None]) -> None:
    assert rank("newest:date", values) == [1, 3, 0, 2]


def test_rank__references_come_first() -> None:
    assert rank("longest", reference=[False, False, False, True]) == [3, 1, 2, 0]

"""What the suite shares: the texts, and how a timing becomes MB/s and ns per token."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.texts import arrow, passages, some, with_copies
from dedup.documents.normalise import Codes, normalise_rows

QUICK = os.environ.get("DEDUP_BENCH_QUICK", "") not in ("", "0")
TEXT_BYTES = 60_000 if QUICK else 2_000_000
COPIES = 0.3
MANY = (100, 300, 1_000) if QUICK else (1_000, 10_000, 50_000)
MANY_LENGTH = 125  # short ones: it is the number of documents that is looked at


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let --benchmark-only stand alone, and keep the quick path quick.

    The project's settings switch benchmarks off, so that they cost a test run nothing; pytest-benchmark refuses to be
    told "off" and "only" at once. Asking for nothing but benchmarks means that they are wanted.
    """
    if config.option.benchmark_only:
        config.option.benchmark_enable = True
    if QUICK:
        config.option.benchmark_max_time = Decimal("0.01")
        config.option.benchmark_min_rounds = 3


class Batch(NamedTuple):
    """Texts of one language and length, as Arrow holds them and as token codes."""

    texts: pa.LargeStringArray
    codes: Codes
    size: int

    @property
    def tokens(self) -> int:
        return int(self.codes.offsets[-1])

    @property
    def documents(self) -> int:
        return len(self.texts)


@functools.cache
def _batch(language: str, length: int, copies: float, count: int | None = None) -> Batch:
    """A batch of `count` texts, or of so many as make `TEXT_BYTES`."""
    plain = some(language, length, count) if count else passages(language, length, TEXT_BYTES)
    texts = with_copies(plain, copies) if copies else plain
    array = arrow(texts)
    return Batch(array, normalise_rows(array), sum(len(text.encode()) for text in texts))


@pytest.fixture
def batch(language: str, length: int) -> Batch:
    """Unrelated texts."""
    return _batch(language, length, 0.0)


@pytest.fixture
def copied(language: str, length: int) -> Batch:
    """Texts of which some are copies, to the letter or nearly, of ones before them."""
    return _batch(language, length, COPIES)


@pytest.fixture(params=MANY, ids=lambda count: f"{count}-documents")
def documents(request: pytest.FixtureRequest) -> int:
    """How many documents: for the stages that look at all of them at once."""
    return request.param


@pytest.fixture
def many(documents: int) -> Batch:
    """That many short Chinese texts, some of them copies."""
    return _batch("zh", MANY_LENGTH, COPIES, documents)


@pytest.fixture(scope="session")
def executor() -> Iterator[Executor]:
    """One worker: the suite measures what the work costs, not how many do it."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


Measure = Callable[..., Any]


@pytest.fixture
def measure(benchmark: Any) -> Measure:
    """Benchmark a function that goes once through a batch; its speed by the median goes into ``extra_info``.

    MB are 10⁶ bytes of the UTF-8 the batch was made from, also where a stage reads codes or sketches: so stages can be
    compared, and added up as seconds per MB.
    """

    def run(function: Callable[[], Any], batch: Batch) -> Any:
        function()  # compiles or loads the kernels
        result = benchmark(function)
        benchmark.extra_info.update(documents=batch.documents, bytes=batch.size, tokens=batch.tokens)
        if benchmark.stats is not None:
            seconds = benchmark.stats.stats.median
            benchmark.extra_info["mb_per_s"] = round(batch.size / 1e6 / seconds, 1)
            benchmark.extra_info["ns_per_token"] = round(seconds * 1e9 / batch.tokens, 3)
        return result

    return run


@pytest.fixture
def rows(copied: Batch) -> np.ndarray:
    """All documents of a batch in the order of the input, ``int64``: what the matches stage calls its rows."""
    return np.arange(copied.documents)

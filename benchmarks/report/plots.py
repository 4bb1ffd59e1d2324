"""Drawings as SVG text that reads in light and in dark: colours are variables of the page's style."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# matplotlib knows no CSS variables: each of the page's colours is drawn as a stand-in that occurs nowhere else.
INK, FAINT = "#010203", "#010204"
SERIES = tuple(f"#0102{number:02x}" for number in range(0x10, 0x1A))
NAMES = {INK: "var(--ink)", FAINT: "var(--faint)"} | {c: f"var(--series-{i})" for i, c in enumerate(SERIES)}
MARKERS = "osD^vPX*<>"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
}


class Series(NamedTuple):
    """Points that belong together; `strong` ones are drawn thicker and above the others."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    line: bool = True
    strong: bool = False
    colour: int | None = None
    marker: str | None = None
    dashed: bool = False


@contextmanager
def _figure(name: str, width: float, height: float) -> Iterator[tuple[Figure, Callable[[], str]]]:
    """A figure, and the function that writes it; every name salts its own identifiers, so that none occurs twice."""
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")

        def written() -> str:
            file = io.StringIO()
            metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
            figure.savefig(file, format="svg", transparent=True, metadata=metadata)
            return _of_the_page(file.getvalue(), name)

        yield figure, written


def _of_the_page(svg: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[a-z0-9]+(?:\.[a-z0-9]+)?_\d+"', "", svg, flags=re.IGNORECASE)
    opening = rf'<svg class="plot" role="img" data-name="{name}" \1>'
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', opening, svg, count=1)
    for colour, variable in NAMES.items():
        svg = svg.replace(colour, variable)
    return svg.replace("'DejaVu Sans'", "var(--plot-font)").strip()


def draw(
    name: str,
    panels: Sequence[tuple[str, Sequence[Series]]],
    *,
    x: str,
    y: str,
    log_x: bool = False,
    log_y: bool = False,
    limits: Sequence[tuple[float, float]] = (),
    upright: tuple[float, str] | None = None,
    ticks: Sequence[float] = (),
    height: float = 3.4,
) -> str:
    """Panels side by side under one legend.

    Parameters
    ----------
    panels
        Title and series of each.
    limits
        Of y, panel by panel; without them the panels share what the points need.
    upright
        Where a vertical line stands, and what it is.
    ticks
        Where x is labelled, if not at round numbers.
    """
    with _figure(name, 8.2, height) as (figure, written):
        axes = figure.subplots(1, len(panels), sharey=not limits, squeeze=False)[0]
        for number, (axis, (title, series)) in enumerate(zip(axes, panels, strict=True)):
            _fill(axis, series)
            axis.set_title(title, loc="left")
            axis.set_xlabel(x)
            if log_x:
                _log(axis, "x")
            if log_y:
                _log(axis, "y")
            if ticks:
                axis.set_xticks(ticks)
                axis.set_xticks([], minor=True)
            if limits:
                axis.set_ylim(limits[number])
            if upright:
                axis.axvline(upright[0], color=FAINT, linestyle=":", linewidth=1.2)
                axis.annotate(
                    upright[1], (upright[0], 0), (4, 6), xycoords=("data", "axes fraction"), textcoords="offset points"
                )
        axes[0].set_ylabel(y)
        handles, names = _legend(axes)
        if len(names) > 1:
            figure.legend(handles, names, loc="outside right center")
        return written()


def pair(name: str, panels: Sequence[tuple[str, str, Sequence[Series]]], *, x: str, height: float = 3.4) -> str:
    """Panels side by side, each with a scale and label of its own, all axes logarithmic."""
    with _figure(name, 8.2, height) as (figure, written):
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for axis, (title, y, series) in zip(axes, panels, strict=True):
            _fill(axis, series)
            axis.set_title(title, loc="left")
            axis.set_xlabel(x)
            axis.set_ylabel(y)
            _log(axis, "x")
            _log(axis, "y")
        handles, names = _legend(axes)
        if len(names) > 1:
            figure.legend(handles, names, loc="outside lower center", ncols=len(names))
        return written()


def _fill(axis: Axes, series: Sequence[Series]) -> None:
    for number, one in enumerate(series):
        colour = SERIES[(number if one.colour is None else one.colour) % len(SERIES)]
        style: dict[str, Any] = {
            "color": colour,
            "label": one.name,
            "linestyle": ("--" if one.dashed else "-") if one.line else "none",
            "marker": one.marker if one.marker is not None else MARKERS[number % len(MARKERS)],
            "zorder": 4 if one.strong else 3,
        }
        if one.strong:
            style |= {"linewidth": 2.8, "markersize": 7}
        if one.low:
            below = [max(0.0, y - low) for y, low in zip(one.y, one.low, strict=True)]
            above = [max(0.0, high - y) for y, high in zip(one.y, one.high, strict=True)]
            axis.errorbar(one.x, one.y, yerr=[below, above], capsize=2, elinewidth=1, **style)
        else:
            axis.plot(one.x, one.y, **style)


def _legend(axes: Sequence[Axes]) -> tuple[list[Any], list[str]]:
    """Every name once, whichever panels it stands in."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    return list(found.values()), list(found)


def _log(axis: Axes, which: str) -> None:
    """Powers of ten, written out: 0.1, 100, 10,000."""
    getattr(axis, f"set_{which}scale")("log")
    chosen = axis.xaxis if which == "x" else axis.yaxis
    chosen.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    low, high = chosen.get_data_interval()
    if low > 0 and high / low < 100:  # powers of ten alone would leave an axis with one number, or none
        chosen.set_minor_locator(LogLocator(subs=(2, 5)))
        chosen.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    else:
        chosen.set_minor_formatter(NullFormatter())

"""A Snapshot as a file, in the format that its name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gradtui.file.header import FileError
from gradtui.file.snapshot_format import save
from gradtui.file.writing import replacing
from gradtui.graph.plain_names import plainly
from gradtui.report.chart_svg import NoCurveError, chart_svg
from gradtui.report.dot import dot
from gradtui.report.json import answer, line, refusal
from gradtui.report.json_graph import Json
from gradtui.report.mermaid import mermaid
from gradtui.report.page.page import page
from gradtui.report.python import NoScriptError, script
from gradtui.report.svg import MOST_NODES, svg
from gradtui.report.tex_fragment import NoFormulaError, tex
from gradtui.report.training.script import training_script
from gradtui.report.training.updates import as_csv
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Snapshot

CHART = ".chart.svg"
"""The curves of f and f'; `.svg` alone is the graph."""

WRITERS: dict[str, Callable[[Snapshot], bytes]] = {
    ".dot": lambda snapshot: _encoded(dot(snapshot)),
    ".mmd": lambda snapshot: _encoded(mermaid(snapshot)),
    ".svg": lambda snapshot: _encoded(svg(snapshot)),
    CHART: lambda snapshot: _encoded(chart_svg(snapshot)),
    ".html": lambda snapshot: _encoded(page(snapshot)),
    ".json": lambda snapshot: line(_json(snapshot)),
    ".py": lambda snapshot: _encoded(script(snapshot) if snapshot.training is None else training_script(snapshot)),
    ".tex": lambda snapshot: _encoded(tex(snapshot)),
    ".csv": lambda snapshot: _encoded(_csv(snapshot)),
}
SUFFIXES = (*WRITERS, ".gradtui")
DRAWINGS = (".dot", ".mmd", ".svg", ".html")
"""In which nodes may have plain names."""


class ExportError(ValueError):
    """Why there is no such file, in one sentence."""


class NoUpdatesError(ExportError):
    """A file of updates, and there are none. How they are made depends on where one is."""

    def __init__(self) -> None:
        super().__init__("a .csv file holds updates, and there are none")


def check_suffix(path: str) -> None:
    """Raises ExportError for a name that asks for no known format."""
    if suffix_of(path) not in SUFFIXES:
        raise ExportError(f"{path} must end in one of {' '.join(SUFFIXES)}: the end of the name says what is written")


def suffix_of(path: str) -> str:
    """The end of a name that says what is written."""
    name = Path(path).name
    return CHART if name.endswith(CHART) and name != CHART else Path(path).suffix


def export(snapshot: Snapshot, path: str, *, plain: bool = False, other: Curve | None = None) -> None:
    """Write `path`, whole or not at all. Raises ExportError for what cannot be written so, and OSError.

    plain: drawings with `· 3` for `MulBackward0`. other: a second curve, for the chart.
    """
    check_suffix(path)
    suffix = suffix_of(path)
    if plain and suffix in DRAWINGS:
        snapshot = plainly(snapshot)
    try:
        if suffix == ".gradtui":
            save(snapshot, path)
            return
        if suffix == ".svg" and len(snapshot.graph.nodes) > MOST_NODES:
            many = f"{len(snapshot.graph.nodes):,} nodes are too many to draw ({MOST_NODES:,} at most)"
            raise ExportError(f"{many}: .dot, .mmd and .json take them all")
        data = _encoded(chart_svg(snapshot, other)) if suffix == CHART else WRITERS[suffix](snapshot)
    except (NoScriptError, NoCurveError, NoFormulaError, FileError) as error:
        raise ExportError(str(error)) from None
    with replacing(path) as file:
        file.write(data)


def _json(snapshot: Snapshot) -> Json:
    if snapshot.problem is not None:
        return refusal(snapshot.expression, snapshot.problem, snapshot)
    return answer(snapshot)


def _csv(snapshot: Snapshot) -> str:
    if snapshot.training is None:
        raise NoUpdatesError
    return as_csv(snapshot.training)


def _encoded(text: str) -> bytes:
    """Half of a surrogate pair has no bytes in UTF-8."""
    return text.encode("utf-8", "replace")

"""What IPython and a notebook show of a Snapshot or a Run: a page at most, whatever the size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gradtui.report import text
from gradtui.report.escaped_text import escaped
from gradtui.report.model_tables import tables
from gradtui.report.page.page import beside, findings_list, graph, heading, variables
from gradtui.report.run import text as run_text
from gradtui.runs.run import Run
from gradtui.runs.since import since
from gradtui.snapshot.finding import NONE_FOUND
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers

PAGE = 50
"""Lines of text."""
MOST_DRAWN, MOST_ROWS, MOST_UPDATES, MOST_FINDINGS = 40, 30, 20, 5
"""Nodes of a graph that is drawn; rows of one that is folded; updates in a table; findings."""

Bundle = dict[str, str]


def bundle(snapshot: Snapshot) -> Bundle:
    """By MIME type."""
    return {"text/plain": _page(text.report(snapshot)), "text/html": _html(_snapshot(snapshot))}


def run_bundle(run: Run) -> Bundle:
    return {"text/plain": _page(run_text.report(run)), "text/html": _html(_run(run))}


def _page(report: str) -> str:
    lines = report.rstrip().splitlines()
    if len(lines) > PAGE:
        lines = [*lines[: PAGE - 1], f"… {len(lines) - PAGE + 1:,} more lines: gradtui.explore shows all"]
    return "\n".join(lines)


def _html(parts: Iterator[str]) -> str:
    return "\n".join(['<div class="gradtui">', f"<style>\n{beside('notebook.css')}</style>", *parts, "</div>"])


def _snapshot(snapshot: Snapshot) -> Iterator[str]:
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    yield f'<p class="mono"><strong>{escaped(heading(snapshot))}</strong></p>'
    if snapshot.problem is not None:
        yield f"<p><strong>{escaped(snapshot.problem.message)}</strong> {escaped(snapshot.problem.hint)}</p>"
    if snapshot.value is not None:
        yield f'<p class="mono">f = {escaped(numbers(snapshot.value, digits, 8))}</p>'
    yield from findings_list(snapshot, MOST_FINDINGS)
    yield from variables(snapshot)
    if 0 < len(snapshot.graph.nodes) <= MOST_DRAWN:
        yield graph(snapshot, "gradtui-graph")
    elif snapshot.graph.nodes:
        yield _lines(text.tree(snapshot))
    if snapshot.parameters:
        yield _lines(tables(snapshot))


def _run(run: Run) -> Iterator[str]:
    yield f'<p class="mono"><strong>{escaped(" ".join((run.what, *run.arguments)) or "a training")}</strong></p>'
    yield f"<p>{escaped(run_text.summary(run))}</p>"
    for one in run.findings[:MOST_FINDINGS]:
        yield f'<div class="finding"><p><strong>{one.certainty}, {escaped(since(one))}:</strong> {escaped(one.text)}</p>'
        yield f"<p>→ {escaped(one.remedy)}</p></div>"
    if not run.findings:
        yield f"<p>{NONE_FOUND}</p>"
    count = len(run.updates)
    shown = (
        range(count) if count <= MOST_UPDATES else [*range(MOST_UPDATES // 2), *range(count - MOST_UPDATES // 2, count)]
    )
    heads = ("update", "loss", "lr", "norm of the gradient")
    yield f"<table><thead><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead><tbody>"
    for place in shown:
        update = run.updates[place]
        cells = (
            str(update.update),
            number(update.loss, 6),
            ", ".join(number(one, 4) for one in update.lr),
            number(update.grad_norm, 5),
        )
        yield f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table>"
    if count > MOST_UPDATES:
        yield f"<p>{count:,} updates in all: the first and the last of them are here</p>"


def _lines(lines: Iterator[str]) -> str:
    shown = list(islice(lines, MOST_ROWS + 1))
    if len(shown) > MOST_ROWS:
        shown[-1] = "…"
    return f"<pre>{chr(10).join(map(escaped, shown))}</pre>"

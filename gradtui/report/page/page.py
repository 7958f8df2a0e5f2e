"""Snapshot -> one HTML file that steps through the backward pass in any browser: no network and no other file.

Its policy lets nothing run but the one script whose hash it names. All text of a person is escaped, or put in as text.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources

from gradtui.findings.findings import findings
from gradtui.graph import paths
from gradtui.graph.agreement import checks, value_check
from gradtui.graph.short_names import short, title
from gradtui.report import chart_svg, svg
from gradtui.report.escaped_text import escaped
from gradtui.report.model_tables import tables
from gradtui.report.page.moments import moments
from gradtui.report.text import one_line, tree
from gradtui.report.training.updates import table
from gradtui.snapshot.finding import NONE_FOUND
from gradtui.snapshot.model import Node, Snapshot
from gradtui.snapshot.numbers import NOT_KNOWN, SIGNIFICANT, numbers

MOST_NODES = 500
"""Nodes that are drawn and stepped; of a larger graph there are its rows, folded."""
LARGER = 1.3
"""Than the pixels of the drawing, where there is room."""
BUTTONS = (("start", "|◀ start"), ("back", "◀ back"), ("play", "play"), ("next", "step ▶"), ("end", "end ▶|"))
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src '{hash}'; base-uri 'none'; form-action 'none'"
HELP = "Keys: → or n a step, ← or p back, home, end, space plays. A click on a node goes to its step."


def page(snapshot: Snapshot) -> str:
    """A whole document."""
    film = moments(snapshot) if len(snapshot.graph.nodes) <= MOST_NODES else []
    script = beside("page.js") if film else ""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = POLICY.format(hash=f"sha256-{digest}")
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(heading(snapshot))} · gradtui</title>",
        f"<style>\n{beside('page.css')}</style>",
        "</head>",
        "<body>",
        *_head(snapshot, bool(film)),
        *_findings(snapshot),
        *_values(snapshot),
        *(_film(snapshot) if film else ()),
        *_nodes(snapshot, bool(film)),
        *_more(snapshot),
    ]
    if film:
        parts += [f'<script type="application/json" id="moments">{_data(film)}</script>', f"<script>{script}</script>"]
    return "\n".join([*parts, "</body>", "</html>"]) + "\n"


def heading(snapshot: Snapshot) -> str:
    """`f(x) = x^2`, or what the function is called."""
    text = one_line(snapshot.expression)
    if snapshot.origin != "expression":
        return text or "a captured graph"
    return f"f({', '.join(snapshot.variables)}) = {text}" if snapshot.variables else f"f = {text}"


def graph(snapshot: Snapshot, name: str = "graph") -> str:
    """The graph as a piece of a page; its colours are the page's."""
    drawn = svg.drawing(snapshot, apart=True)
    width, height = drawn.width + 2 * svg.MARGIN, drawn.height + 2 * svg.MARGIN
    told = f"the graph of {heading(snapshot)}: {len(snapshot.graph.nodes)} nodes, each in the table of nodes"
    return (
        f'<svg class="{name}" width="{width * LARGER:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="{escaped(told)}">{svg.ARROW}'
        f'<g transform="translate({svg.MARGIN:g} {svg.MARGIN:g})">{"".join(drawn.pieces)}</g></svg>'
    )


def variables(snapshot: Snapshot) -> Iterator[str]:
    """A table: where each variable stands, the gradient, the derivative, and whether they agree."""
    digits, judged = SIGNIFICANT.get(snapshot.dtype, 7), checks(snapshot)
    if not snapshot.variables:
        return
    yield "<table><caption>variables</caption>"
    heads = ("variable", "value", "gradient", "derivative", "checks")
    yield f"<thead><tr>{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>"
    for name, state in snapshot.variables.items():
        derivative = (snapshot.derivative or {}).get(name)
        told = "" if derivative is None else derivative.text or derivative.note
        cells = (numbers(state.value, digits), numbers(state.grad, digits), told, judged[name].text)
        yield f"<tr><th scope=row>{escaped(name)}</th>{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table>"


def findings_list(snapshot: Snapshot, most: int = 20) -> Iterator[str]:
    """What is wrong, the root cause first; that nothing is, where that was looked for."""
    found = findings(snapshot)
    if not found:
        yield f"<p>{NONE_FOUND}</p>"
    for one in found[:most]:
        yield f'<div class="finding"><p><strong>{one.certainty}, {one.phase}:</strong> {escaped(one.text)}</p>'
        if one.evidence:
            yield f"<ul>{''.join(f'<li>{escaped(line)}</li>' for line in one.evidence[:4])}</ul>"
        yield f"<p>→ {escaped(one.remedy)}</p></div>"
    if len(found) > most:
        yield f"<p>… {len(found) - most:,} more</p>"


def _head(snapshot: Snapshot, film: bool) -> Iterator[str]:
    yield f"<header><div><h1>{escaped(heading(snapshot))}</h1>"
    if snapshot.origin == "expression" and snapshot.reads_as not in ("", one_line(snapshot.expression)):
        yield f"<p>reads as <span class=mono>{escaped(snapshot.reads_as)}</span></p>"
    yield f"<p>{escaped(snapshot.dtype)} · {escaped(snapshot.device)} · PyTorch's own graph and gradients</p></div>"
    yield f"<button id=theme{'' if film else ' hidden'}>light / dark</button></header>"
    if snapshot.experiments:
        yield "<p><strong>An experiment: gradients were changed on the way, and are not those of f.</strong></p>"


def _findings(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.origin != "expression" or findings(snapshot):
        yield '<section aria-label="findings"><h2>what is wrong</h2>'
        yield from findings_list(snapshot)
        yield "</section>"


def _values(snapshot: Snapshot) -> Iterator[str]:
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    yield '<section aria-label="values"><h2>value and gradient</h2>'
    yield f"<p class=mono>f = {escaped(numbers(snapshot.value, digits))} <span class=quiet>"
    yield f"{escaped(value_check(snapshot).text)}</span></p>"
    yield f"<div class=wide>{''.join(variables(snapshot))}</div>"
    for name in list(snapshot.variables)[: paths.MOST_LEAVES]:
        told = paths.sentence(snapshot, name)
        if told:
            yield f"<p class=mono>∂f/∂{escaped(name)} = {escaped(told)}</p>"
    yield from (f"<p class=quiet>note: {escaped(note.text)}</p>" for note in snapshot.notes)
    yield "</section>"


def _film(snapshot: Snapshot) -> Iterator[str]:
    """What the script fills: the buttons, the graph, what happens at this step, the ledger; beside it the chart."""
    yield '<div class="bar film-only" role="toolbar" aria-label="backward pass" hidden>'
    yield from (f"<button id={name}>{text}</button>" for name, text in BUTTONS)
    last = sum(node.step is not None for node in snapshot.graph.nodes)
    yield f'<input id=slider type=range min=0 max={last} value=0 aria-label="step of the backward pass"></div>'
    yield "<div class=grid><div><section aria-label=graph><h2>the graph, from f down to its variables</h2>"
    yield f"<div class=scroll tabindex=0 role=group aria-label=graph>{graph(snapshot)}</div>"
    yield f"<p class=quiet>In a box: the value and ḡ = ∂f/∂node; on an arrow the gradient that goes along it. {HELP}</p>"
    yield "</section></div><div>"
    yield '<section class="film-only" aria-label="this step" hidden><h2 id=title aria-live=polite></h2>'
    yield "<p id=text aria-live=polite></p><ul id=lines class=lines></ul><p id=queue class=quiet></p>"
    yield "<div class=wide><table id=ledger hidden>"
    yield "<caption>the ledger: Σ ḡ·v̇ over the cut is f' at every moment</caption><thead><tr>"
    yield "<th scope=col>node</th><th scope=col>ḡ</th><th scope=col>v̇</th><th scope=col>ḡ·v̇</th></tr></thead>"
    yield "<tbody></tbody><tfoot><tr><th scope=row colspan=3>sum</th><td id=sum></td></tr></tfoot></table></div></section>"
    yield from _chart(snapshot)
    yield "</div></div>"


def _chart(snapshot: Snapshot) -> Iterator[str]:
    try:
        pieces = chart_svg.drawing(snapshot)
    except chart_svg.NoCurveError:
        return
    told = f"the curve of {heading(snapshot)} and of its derivative, which is dotted, with the point and its tangent"
    yield "<section aria-label=chart><h2>f, and f' dotted</h2>"
    yield f'<svg class="chart" viewBox="0 0 {chart_svg.WIDTH} {chart_svg.HEIGHT}" role="img" aria-label="{escaped(told)}">'
    yield from pieces
    yield "</svg></section>"


def _nodes(snapshot: Snapshot, film: bool) -> Iterator[str]:
    if not snapshot.graph.nodes:
        return
    yield "<section aria-label=nodes><h2>nodes</h2>"
    if film:
        yield '<div class=scroll tabindex=0 role=group aria-label="table of nodes"><table>'
        heads = ("step", "gradient node", "of", "value", "∂f/∂node")
        yield f"<thead><tr>{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>"
        yield from (_row(node, snapshot) for node in sorted(snapshot.graph.nodes, key=_order))
        yield "</tbody></table></div>"
    else:
        yield f"<pre>{escaped(chr(10).join(tree(snapshot)), lines=True)}</pre>"
    yield "</section>"


def _row(node: Node, snapshot: Snapshot) -> str:
    digits = SIGNIFICANT.get(snapshot.dtype, 7)
    grad = short(node.grad_output, digits)
    step = NOT_KNOWN if node.step is None else str(node.step + 1)
    cells = (step, node.name, one_line(title(node)), short(node.value, digits), grad)
    written = "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
    return f'<tr data-node="{node.id}" data-grad="{escaped(grad)}">{written}</tr>'


def _order(node: Node) -> tuple[bool, int]:
    return node.step is None, node.id if node.step is None else node.step


def _more(snapshot: Snapshot) -> Iterator[str]:
    gradients = list(tables(snapshot))
    if gradients:
        rows = escaped(chr(10).join(gradients), lines=True)
        yield f"<section aria-label=gradients><h2>gradients</h2><pre>{rows}</pre></section>"
    if snapshot.training is not None:
        rows = chr(10).join(table(snapshot.training, snapshot.dtype))
        yield f"<section aria-label=training><h2>training</h2><pre>{escaped(rows, lines=True)}</pre></section>"


def _data(film: object) -> str:
    """JSON that cannot end the element in which it stands."""
    return (
        json.dumps(film, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def beside(name: str) -> str:
    """The text of a file that lies beside this one."""
    return (resources.files(__package__ or "") / name).read_text(encoding="utf-8")

"""Snapshot -> its chart of f and f' as SVG, at the size of a slide, without any other program."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui.chart.point import standing
from gradtui.chart.ticks import ticks
from gradtui.chart.window import Frame, Position, Window, breaks_of, grown, height_in, runs, y_window
from gradtui.report.escaped_text import escaped
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.numbers import number

Place = Callable[[float, float], Position]

WIDTH, HEIGHT = 1280, 720
LEFT, RIGHT, TOP, BOTTOM = 90, 40, 80, 60
DIGITS = 5

STYLE = """<style>
text { font: 20px sans-serif; fill: #1f2328; } .title { font-size: 26px; font-weight: bold; }
.tick { font-size: 18px; } .f { stroke: #0550ae; stroke-width: 4; }
.derivative { stroke: #116329; stroke-width: 3; stroke-dasharray: 2 7; }
.other { stroke: #6639ba; stroke-width: 3; stroke-dasharray: 16 8 2 8; }
.tangent { stroke: #953800; stroke-width: 2; stroke-dasharray: 14 8; } path, line { fill: none; stroke-linecap: round; }
.grid { stroke: #d0d7de; } .zero { stroke: #57606a; } circle { stroke: #1f2328; stroke-width: 2; }
.point { fill: #1f2328; } .said { paint-order: stroke; stroke: #fff; stroke-width: 6; }
</style>"""


class NoCurveError(ValueError):
    """There is no curve to draw."""


def chart_svg(snapshot: Snapshot, other: Curve | None = None) -> str:
    """A whole document. other: a second function, over the same window. Raises NoCurveError for a constant and for what was
    captured."""
    pieces = drawing(snapshot, other)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        STYLE,
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="45">{escaped(_title(snapshot, other))}</text>',
        *pieces,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def drawing(snapshot: Snapshot, other: Curve | None = None) -> list[str]:
    """The pieces of it, WIDTH x HEIGHT. Raises NoCurveError."""
    curve = snapshot.curve
    if curve is None:
        raise NoCurveError("there is no curve: f depends on no variable that could be moved")
    point = standing(snapshot, curve)
    x_window = curve.window
    own = y_window(curve)
    if other is not None:
        low, high = y_window(other, derivative=False)
        own = min(own[0], low), max(own[1], high)
    ys = grown(own, height_in(x_window, *point[:2]) if point is not None else None)
    frame = Frame(x_window, ys, WIDTH // 2, HEIGHT // 4)
    of_f, of_derivative = breaks_of(curve)

    def place(x: float, y: float) -> Position:
        return _scaled(x, x_window, LEFT, WIDTH - RIGHT), _scaled(y, ys, HEIGHT - BOTTOM, TOP)

    lines = [
        *_axes(x_window, ys, place, curve.variable),
        *(_path("derivative", piece, place) for piece in runs(curve.x, curve.derivative, frame, of_derivative)),
        *(_path("f", piece, place) for piece in runs(curve.x, curve.f, frame, of_f)),
    ]
    if other is not None:
        lines += [_path("other", piece, place) for piece in runs(other.x, other.f, frame, breaks_of(other)[0])]
    if point is not None:
        x, f, slope = point
        if f is not None and slope is not None and frame.holds(x, f):
            reach = (x_window[1] - x_window[0]) / 5
            ends = (x - reach, x + reach)
            tangent = runs(ends, [f + slope * (end - x) for end in ends], frame)
            lines += [_path("tangent", piece, place) for piece in tangent]
            lines.append(_dot(place(x, f), f"f = {number(f, DIGITS)}, slope {number(slope, DIGITS)}"))
    return lines


def _title(snapshot: Snapshot, other: Curve | None) -> str:
    name = f"f({', '.join(snapshot.variables)}) = {' '.join(snapshot.expression.split())}"
    beside = "" if other is None else f"; {' '.join((other.what or 'the other').split())} dash-dotted"
    return f"{name}   (solid; its derivative dotted{beside})"


def _scaled(value: float, window: Window, start: float, end: float) -> float:
    return start + (end - start) * (value - window[0]) / (window[1] - window[0])


def _axes(x_window: Window, ys: Window, place: Place, name: str) -> Iterator[str]:
    """A grid with round numbers; the axes through 0 are darker."""
    for value, text in ticks(x_window, 10):
        x, _ = place(value, ys[0])
        yield f'<line class="{"grid" if value else "zero"}" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 26}" text-anchor="middle">{text}</text>'
    for value, text in ticks(ys, 8):
        _, y = place(x_window[0], value)
        yield f'<line class="{"grid" if value else "zero"}" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 10}" y="{y + 6:.1f}" text-anchor="end">{text}</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">{escaped(name)}</text>'


def _path(kind: str, piece: list[Position], place: Place) -> str:
    points = " L".join("{:.1f} {:.1f}".format(*place(*one)) for one in piece)
    return f'<path class="{kind}" d="M{points}"/>'


def _dot(at: Position, said: str) -> str:
    x, y = at
    left = x > WIDTH * 0.7
    end = f'text-anchor="{"end" if left else "start"}"'
    text = f'<text class="said" x="{x - 16 if left else x + 16:.1f}" y="{y - 12:.1f}" {end}>{escaped(said)}</text>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" class="point"/>{text}'

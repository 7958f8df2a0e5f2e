"""What is said of a run in words and numbers: findings, the selected update, how the run is doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.runs.run import ParameterNorms, Run
from gradtui.runs.side_by_side import Pace
from gradtui.runs.since import since
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.snapshot.visible import harmless_lines, visible
from gradtui.tui.panes.line_view import Piece, folded, right, tail
from gradtui.tui.run.look import Look

DIGITS = 4
CELLS = 10
"""Of a number in the table."""
LATELY = 50
"""Updates of which the speed is taken."""
QUIET = 10.0
"""Seconds without an update after which it is said how long there was none."""
MOST_OF_A_LINE = 1000
NO_UPDATE = "no update has run yet"

Pieces = tuple[Piece, ...]


def finding_line(finding: Finding, here: bool) -> Pieces:
    """In one line."""
    style = "findings--perhaps" if finding.certainty == "perhaps" else "findings--fault"
    mark = "▶" if here else "?" if finding.certainty == "perhaps" else "✗"
    return ((f"{mark} ", style), (since(finding, " · "), "findings--since"), (f"  {finding.text}", ""))


def finding_lines(finding: Finding, width: int) -> Iterator[Pieces]:
    """As many as it needs."""
    style = "numbers--perhaps" if finding.certainty == "perhaps" else "numbers--fault"
    yield from folded(((f"{finding.certainty}, {since(finding, ' · ')}", style),), width)
    yield from folded(((finding.text, ""),), width)
    for evidence in finding.evidence:
        yield from folded(((f"· {evidence}", "numbers--label"),), width)
    yield from folded(((f"→ {finding.remedy}", "numbers--remedy"),), width)


def update_lines(look: Look, width: int) -> Iterator[Pieces]:
    """The selected update: its loss and rates, what was found, then the parameters of the selected row."""
    update = look.update
    if update is None:
        yield ((no_update(look.run), "numbers--label"),)
        return
    lr = ", ".join(dict.fromkeys(number(one, DIGITS) for one in update.lr)) or NOT_KNOWN
    told = [_named("loss", number(update.loss, 7)), _named("gradient norm", number(update.grad_norm, 7))]
    told.append(_named("lr", lr))
    told += [_named("optimizer", visible(name)) for name in look.run.names_of([update.optimizer]) if name]
    yield from folded(tuple(piece for pieces in told for piece in (("   ", ""), *pieces))[1:], width)
    yield _snapshot(look)
    if look.told is not None:
        yield ()
        yield from finding_lines(look.told, width)
    yield ()
    names = [look.record.names[place] for place in look.selected.places] if look.selected is not None else []
    has_change = width >= 4 * CELLS + 30
    head = ("gradient", "weight", "change", "change/weight") if has_change else ("gradient", "weight", "Δ/weight")
    cells = [max(CELLS, len(title) + 1) for title in head]
    room = max(8, width - sum(cells))
    yield (("parameter".ljust(room) + "".join(map(right, head, cells)), "numbers--head"),)
    left_out = 0
    for name in names:
        norms = update.parameters.get(name)
        if norms is None:
            left_out += 1
            continue
        numbers = [_gradient(norms), (number(norms.weight, DIGITS), "")]
        numbers += [(number(norms.change, DIGITS), "")] if has_change else []
        numbers.append((number(norms.change / norms.weight, DIGITS) if norms.weight else NOT_KNOWN, ""))
        placed = zip(numbers, cells, strict=True)
        yield (tail(name, room - 1).ljust(room), ""), *((right(text, cell), style) for (text, style), cell in placed)
    if left_out:
        why = "not kept: thinned" if update.thinned else "not of this optimizer"
        yield ((f"{left_out:,} more, {why}", "numbers--label"),)


def no_update(run: Run) -> str:
    """What is said where there is none."""
    return "no update was seen" if run.watch_ended else "no update was made" if run.ended else NO_UPDATE


def _named(name: str, value: str) -> Pieces:
    return ((f"{name} ", "numbers--label"), (value, "numbers--value"))


def _snapshot(look: Look) -> Pieces:
    nearest, update = look.nearest(), look.update
    if nearest is None or update is None:
        return (("no backward pass was kept whole", "numbers--label"),)
    where = "of this update" if nearest == update.update else f"of update {nearest:,}, the nearest"
    return (("⏎ ", "numbers--value"), (f"the backward pass {where}", "numbers--label"))


def _gradient(norms: ParameterNorms) -> Piece:
    """None is no number."""
    if norms.grad is None:
        return "None", "numbers--none"
    is_bad = bool(norms.nan or norms.inf) or norms.grad - norms.grad != 0
    return number(norms.grad, DIGITS), "numbers--fault" if is_bad else "numbers--none" if norms.grad == 0 else ""


def status(run: Run, *, quiet: float | None, unread: float = 0.0, width: int = 10_000) -> str:
    """How it is doing, in at most `width` cells where its first and its last part have room: `1,234 updates · 12.3 a second ·
    1:40 · goes on`. quiet: seconds since anything was written. unread: the share of its file that is not known yet."""
    count = len(run.updates)
    told = []
    if count > 1:
        first, last = run.updates[max(0, count - LATELY)], run.updates[count - 1]
        seconds = last.seconds - first.seconds
        if seconds > 0:
            told.append(f"{_rate((last.update - first.update) / seconds)} a second")
        told.append(clock(last.seconds))
    if run.thinned:
        told.append(f"{run.thinned:,} thinned")
    if run.ended:
        how = "ended" if run.exit in (None, 0) else f"ended with {run.exit}"
    elif unread:
        how = f"{int(100 * (1 - unread))} % of the file read"
    elif quiet is not None and quiet >= QUIET:
        how = f"nothing for {clock(quiet)}"
    else:
        how = "goes on"
    if run.watch_ended:
        how = f"not watched after that, {how}"
    begin = f"{count:,} update{'s' * (count != 1)}"
    while told and len(" · ".join((begin, *told, how))) > width:
        told.pop(0)
    return " · ".join((begin, *told, how))


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else number(rate, 3)


def rank_line(pace: Pace, latest: float | None, here: bool) -> Pieces:
    """A rank beside the others: how far it has come, how fast, and how it ended."""
    each = f"{number(pace.each, 3)} s an update" if pace.each else ""
    behind = "" if pace.last is None or latest is None else f"{clock(latest - pace.last)} behind"
    how = "goes on" if not pace.ended else "ended" if not pace.exit else f"ended with {pace.exit}"
    cells = (
        f"{pace.updates:,} update{'s' * (pace.updates != 1)}".rjust(16),
        each.rjust(20),
        how.rjust(14),
        f"   {behind}",
    )
    style = "ranks--here" if here else "ranks--name"
    return ((f"{'▶' if here else ' '} rank {pace.rank}".ljust(10), style), ("".join(cells), ""))


def parameter_by_rank(look: Look, ranks: Sequence[Run]) -> Iterator[Pieces]:
    """The selected parameter at the selected update, in every rank."""
    row, update = look.selected, look.update
    if row is None or row.opened is not None or update is None or len(ranks) < 2:
        return
    yield ()
    yield (
        (
            "by rank".ljust(10) + right("gradient", CELLS) + right("weight", CELLS) + right("loss", CELLS),
            "numbers--head",
        ),
    )
    for place, run in enumerate(ranks):
        there = run.updates[look.place] if look.place < len(run.updates) else None
        norms = there.parameters.get(row.path) if there is not None else None
        name = f"rank {place if run.rank is None else run.rank}".ljust(10)
        if there is None or norms is None:
            yield (name, "numbers--label"), (right(NOT_KNOWN, CELLS), "numbers--label")
            continue
        text, style = _gradient(norms)
        numbers = right(number(norms.weight, DIGITS), CELLS) + right(number(there.loss, DIGITS), CELLS)
        yield (name, "numbers--label"), (right(text, CELLS), style), (numbers, "")


def clock(seconds: float) -> str:
    """`1:40`, `2:05:00`; what is no time is not known."""
    if not 0 <= seconds < 1e9:
        return NOT_KNOWN
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def title(run: Run) -> str:
    rank = "" if run.rank is None else f"rank {run.rank}: "
    return visible(rank + (" ".join((run.what, *run.arguments)) or "a training"))


def printed_lines(text: str, most: int) -> list[str]:
    """The last lines, each as a terminal would leave it: of what was written over by a carriage return only the last."""
    lines = text[-most * MOST_OF_A_LINE :].replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    kept = (line.rstrip("\r").rpartition("\r")[2] for line in lines[-most:])
    return [visible(harmless_lines(line.expandtabs())) for line in kept]

"""Run -> one text report: what is wrong and since when, the last good update beside the first bad one, loss, updates."""

from __future__ import annotations

import math
import textwrap
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gradtui.chart.by_update import draw_loss
from gradtui.report import findings_text
from gradtui.report.text import one_line
from gradtui.report.width import WIDTH
from gradtui.runs.packed_updates import Scalars, Updates
from gradtui.runs.run import ParameterNorms, Run, Update
from gradtui.runs.since import none_found, since
from gradtui.snapshot.finding import NONE_FOUND
from gradtui.snapshot.numbers import NOT_KNOWN, number
from gradtui.snapshot.visible import harmless, harmless_lines

HEIGHT = 12
MOST_ROWS, MOST_PARAMETERS, MOST_LINES = 20, 12, 40
DIGITS = 5
GAP = "  "
NAME = 30

Row = tuple[str, ...]


def report(run: Run) -> str:
    """Lines of at most 80 cells, but for long names."""
    told = (_findings, _head, _beside, _loss, _updates, _printed)
    parts: list[Iterable[str]] = [part(run) for part in told]
    return "\n\n".join("\n".join(map(harmless, lines)) for lines in map(list, parts) if lines) + "\n"


def summary(run: Run) -> str:
    """How many updates of which optimizers, how long, and how it ended."""
    count = len(run.updates)
    told = [f"{count:,} update{'s' * (count != 1)}"]
    if run.optimizers:
        counts = Counter(run.optimizers)
        told[0] += f" of {', '.join(f'{name} ×{each}' if each > 1 else name for name, each in counts.items())}"
    seconds = run.updates[-1].seconds if count else 0.0
    if seconds > 0:
        told.append(f"{number(seconds, 3)} s")
    if run.rank is not None:
        told.append(f"rank {run.rank} of {NOT_KNOWN if run.ranks is None else run.ranks}")
    if run.watch_ended:
        told.append("not watched after that")
    if not run.ended:
        told.append("it did not come to its end, or goes on")
    elif run.exit:
        told.append(f"exit status {run.exit}")
    return " · ".join(told)


def _head(run: Run) -> Iterator[str]:
    yield one_line(" ".join((run.what, *run.arguments))) or "a training"
    yield from textwrap.wrap(summary(run), WIDTH, subsequent_indent="    ")


def _findings(run: Run) -> Iterator[str]:
    if not any(one.certainty != "perhaps" for one in run.findings):
        yield findings_text.ONLY_PERHAPS if run.findings else none_found(run)
    for finding in run.findings[: findings_text.MOST_FINDINGS]:
        yield from findings_text.told(finding, since(finding))
    if len(run.findings) > findings_text.MOST_FINDINGS:
        yield f"… {len(run.findings) - findings_text.MOST_FINDINGS:,} more findings: --json has them all"


def _beside(run: Run) -> Iterator[str]:
    """The last good update beside the first bad one: numbers of the whole, then the parameters that changed most."""
    first = next((one.update for one in run.findings if one.certainty != "perhaps"), None)
    if not first:
        return
    good, bad = at(run, first - 1), at(run, first)
    if good is None:
        return
    yield f"the last good update beside the first bad one{'' if bad else ', which did not come to its step'}"
    head = ("", f"update {good.update:,}", f"update {first:,}")
    rows: list[Row] = [head, ("loss", number(good.loss, DIGITS), _of(bad.loss if bad else None))]
    rows.append(("gradient norm", number(good.grad_norm, DIGITS), _of(bad.grad_norm if bad else None)))
    if bad is not None:
        names = sorted(bad.parameters, key=lambda name: -_jump(good.parameters.get(name), bad.parameters[name]))
        for name in names[:MOST_PARAMETERS]:
            before = good.parameters.get(name)
            rows.append((f"gradient of {name}", _of(before.grad if before else None), _of(bad.parameters[name].grad)))
    yield from aligned(rows)


def _loss(run: Run) -> Iterator[str]:
    updates = run.updates
    known: Sequence[Scalars | Update] = updates.scalars if isinstance(updates, Updates) else updates
    losses = [(place, one.loss) for place, one in enumerate(known) if one.loss is not None]
    optimizers = run.names_of([one.optimizer for one in known if one.loss is not None])
    if len(losses) < 2:
        return
    troubles = [one.update for one in run.findings if one.update is not None and one.certainty != "perhaps"]
    cells = draw_loss(losses, (0, len(updates)), WIDTH, HEIGHT, optimizers=optimizers, troubles=troubles)
    yield from ("".join(character for character, _ in line).rstrip() for line in cells or ())


def _updates(run: Run) -> Iterator[str]:
    count = len(run.updates)
    if not count:
        return
    shown = [*_shown(run)]
    several = len(run.optimizers) > 1
    rows: list[Row] = [("update", *(("optimizer",) if several else ()), "loss", "lr", "gradient norm")]
    for one in (run.updates[place] for place in shown):
        name = run.names_of([one.optimizer])
        lr = ", ".join(dict.fromkeys(number(rate, DIGITS) for rate in one.lr))
        rows.append(
            (f"{one.update:,}", *name, number(one.loss, DIGITS), lr or NOT_KNOWN, number(one.grad_norm, DIGITS))
        )
    head, *lines = aligned(rows)
    yield head
    after = 0
    for place, line in zip(shown, lines, strict=True):
        if place > after:
            yield f"… {place - after:,} more: --json has them all"
        yield line
        after = place + 1
    if run.thinned:
        yield thinned(run)


def _shown(run: Run) -> Iterator[int]:
    """Places of the updates that stand in the table: the first, the last, and those where it goes wrong first."""
    count = len(run.updates)
    if count <= MOST_ROWS:
        yield from range(count)
        return
    wrong = next((one.update for one in run.findings if one.update and one.certainty != "perhaps"), None)
    trouble = None if wrong is None else min(bisect_left(run.updates, wrong, key=lambda one: one.update), count - 1)
    each = MOST_ROWS // (2 if trouble is None else 4)
    found = {*range(each), *range(count - each, count)}
    if trouble is not None:
        found |= {place for place in range(trouble - each, trouble + each) if 0 <= place < count}
    yield from sorted(found)


def thinned(run: Run) -> str:
    """What is not kept, in a sentence."""
    return (
        f"thinned: of {run.thinned:,} of these {len(run.updates):,} updates only those parameters are kept whose gradient or "
        "change was the lowest or highest for a while"
    )


def _printed(run: Run) -> Iterator[str]:
    lines = harmless_lines(run.printed).splitlines()
    if not any(map(str.strip, lines)):
        return
    cut = len(lines) > MOST_LINES
    yield f"printed, the last {MOST_LINES} of {len(lines):,} lines:" if cut else "printed:"
    yield from (f"  {line.expandtabs()}" for line in lines[-MOST_LINES:])


def at(run: Run, update: int) -> Update | None:
    """The update of this number; most often it stands at that place."""
    if update < len(run.updates) and run.updates[update].update == update:
        return run.updates[update]
    return next((one for one in run.updates if one.update == update), None)


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    rows = [(_cut(row[0]), *row[1:]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield GAP.join(cells).rstrip()


def _cut(name: str) -> str:
    return name if len(name) <= NAME + 12 else "…" + name[-NAME - 11 :]


def _of(value: float | None) -> str:
    return number(value, DIGITS)


def _jump(before: ParameterNorms | None, after: ParameterNorms) -> float:
    """By how many powers of ten the gradient is another; what is not finite, or has come or gone, before all."""
    old, new = before.grad if before else None, after.grad
    if old is None or new is None:
        return 0.0 if old is new else math.inf
    if not (math.isfinite(old) and math.isfinite(new)):
        return 0.0 if str(old) == str(new) else math.inf
    return abs(math.log10((new or 1e-300) / (old or 1e-300)))


def in_one_line(run: Run) -> str:
    """`<Run of train.py: 60 updates of SGD, 1 finding>`."""
    count = len(run.findings)
    told = f"{count} finding{'s' * (count != 1)}" if count else NONE_FOUND
    return harmless(f"<Run of {one_line(run.what)[:60] or 'a training'}: {summary(run)}, {told}>")

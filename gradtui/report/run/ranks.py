"""Ranks side by side -> a text report and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradtui.findings.over_time.between_ranks import findings as over_ranks
from gradtui.findings.over_time.between_ranks import of_each
from gradtui.report import findings_text
from gradtui.report.json import Json, finding, number
from gradtui.report.run import json as run_json
from gradtui.report.run.text import aligned, summary
from gradtui.runs.side_by_side import Ranks
from gradtui.runs.since import since
from gradtui.snapshot.finding import CERTAINTIES, NONE_FOUND, Finding
from gradtui.snapshot.numbers import NOT_KNOWN
from gradtui.snapshot.numbers import number as written
from gradtui.snapshot.visible import harmless

MOST_ROWS = 20


def all_findings(ranks: Ranks) -> tuple[Finding, ...]:
    """Those between the ranks, then each of every rank once, with the sure ones first."""
    found = dict.fromkeys((*over_ranks(ranks), *of_each(ranks)))
    return tuple(sorted(found, key=lambda one: CERTAINTIES.index(one.certainty)))


def report(ranks: Ranks) -> str:
    told = (_findings, _paces, _differences, _runs)
    parts: list[Iterable[str]] = [map(harmless, part(ranks)) for part in told]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _findings(ranks: Ranks) -> Iterator[str]:
    found = all_findings(ranks)
    if not any(one.certainty != "perhaps" for one in found):
        yield findings_text.ONLY_PERHAPS if found else NONE_FOUND
    for one in found[: findings_text.MOST_FINDINGS]:
        yield from findings_text.told(one, since(one))


def _paces(ranks: Ranks) -> Iterator[str]:
    rows = [("rank", "updates", "seconds an update", "last", "")]
    latest = max((pace.last for pace in ranks.paces if pace.last is not None), default=0.0)
    for pace in ranks.paces:
        behind = NOT_KNOWN if pace.last is None else f"{written(latest - pace.last, 3)} s ago"
        how = "goes on, or was ended from outside" if not pace.ended else f"ended, {pace.exit or 0}"
        rows.append((str(pace.rank), f"{pace.updates:,}", written(pace.each, 3), behind, how))
    yield from aligned(rows)


def _differences(ranks: Ranks) -> Iterator[str]:
    if not ranks.differences:
        return
    yield "where ranks differ first"
    rows = [("parameter", "what", "update", *(f"rank {pace.rank}" for pace in ranks.paces[:8]))]
    for one in ranks.differences[:MOST_ROWS]:
        what = "weight" if one.of == "weight" else "gradient"
        values = ("None" if value is None else written(value, 5) for value in one.values[:8])
        rows.append((one.parameter, what, f"{one.update:,}", *values))
    yield from aligned(rows)
    if len(ranks.differences) > MOST_ROWS:
        yield f"… {len(ranks.differences) - MOST_ROWS:,} more: --json has them all"


def _runs(ranks: Ranks) -> Iterator[str]:
    for pace, run in zip(ranks.paces, ranks.runs, strict=True):
        yield f"rank {pace.rank}: {summary(run)}"


def pieces(ranks: Ranks) -> Iterator[bytes]:
    """`gradtui-run/1` of the first rank, with the findings of all, and what there is to say of the ranks beside it."""
    first = ranks.runs[0]
    yield from run_json.pieces(first, {"findings": [_found(one) for one in all_findings(ranks)], **_beside(ranks)})


def _found(one: Finding) -> Json:
    return finding(one) | {"update": one.update}


def _beside(ranks: Ranks) -> Json:
    by_rank = [
        {
            "rank": pace.rank,
            "updates": pace.updates,
            "seconds_an_update": number(pace.each),
            "ended": pace.ended,
            "exit": pace.exit,
            "findings": [_found(one) for one in run.findings],
        }
        for pace, run in zip(ranks.paces, ranks.runs, strict=True)
    ]
    differences = [
        {"what": one.of, "update": one.update, "parameter": one.parameter, "values": list(map(number, one.values))}
        for one in ranks.differences
    ]
    return {"by_rank": by_rank, "differences": differences}

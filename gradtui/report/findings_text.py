"""Findings as lines: what is wrong comes first in every report, and where nothing is, it says so."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.findings import findings
from gradtui.report.width import indented, wrapped
from gradtui.snapshot.finding import NONE_FOUND, Finding
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.visible import harmless

MOST_FINDINGS, MOST_EVIDENCE = 20, 4
ONLY_PERHAPS = f"{NONE_FOUND}; see whether this is meant:"


def lines(snapshot: Snapshot) -> Iterator[str]:
    """Those that are sure before those that are often meant so; of a healthy expression nothing."""
    found = findings(snapshot)
    if not found and snapshot.origin == "expression":
        return
    if not any(one.certainty != "perhaps" for one in found) and snapshot.problem is None:
        ran = bool(snapshot.graph.nodes) and snapshot.graph.nodes[0].step is not None
        yield ONLY_PERHAPS if found else NONE_FOUND if ran else f"{NONE_FOUND}; backward was not run"
    for finding in found[:MOST_FINDINGS]:
        yield from map(harmless, told(finding))
    if len(found) > MOST_FINDINGS:
        yield f"… {len(found) - MOST_FINDINGS:,} more findings: --json has them all"


def told(finding: Finding, where: str = "") -> Iterator[str]:
    """The sentence, with how sure it is and where it is, the evidence, and what people do about it. where: else the phase."""
    sentence = f"{finding.certainty}, {where or finding.phase}: {finding.text}"
    yield from wrapped(sentence)
    for evidence in finding.evidence[:MOST_EVIDENCE]:
        yield from indented(f"· {evidence}")
    yield from indented(f"→ {finding.remedy}")

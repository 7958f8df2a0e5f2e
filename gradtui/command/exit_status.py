"""The exit status of the command, but for what click says of wrong options: 0, 1 and 2 as `gradtui --help` explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtui.snapshot.finding import Finding
    from gradtui.snapshot.model import Problem, Snapshot

EVALUATION_FAILED = ("timeout", "memory", "crash")


def of_findings(findings: Iterable[Finding]) -> int:
    """1 where one is proved, else 0."""
    return int(any(finding.certainty == "proved" for finding in findings))


def of_script(status: int, findings: Iterable[Finding]) -> int:
    """status: with which it ended, which goes before what was found."""
    return status or of_findings(findings)


def of_problem(problem: Problem, snapshot: Snapshot | None = None) -> int:
    """1 where the evaluation itself failed, or a finding is proved, 2 where what was asked for is wrong.

    snapshot: of a person's own code, as far as it ran.
    """
    if problem.kind in EVALUATION_FAILED:
        return 1
    if snapshot is None:
        return 2
    from gradtui.findings.findings import findings

    return of_findings(findings(snapshot)) or 2

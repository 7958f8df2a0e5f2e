"""Many inputs one after the other, and what became of them."""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from gradtui.expression import Expression
from tests.fuzz import language, texts

EVALUATED, REPORTED, DERIVED = 0.25, 0.05, 0.02
"""The share of the accepted texts that is evaluated, told in all forms, differentiated by sympy."""

SLOWEST, SHOWN = 5, 300


@dataclass
class Tally:
    """Figures. failures: what was wrong, with the input."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def took(self, seconds: float, what: str) -> None:
        self.slowest = sorted([*self.slowest, (seconds, what[:SHOWN])], reverse=True)[:SLOWEST]

    @property
    def memory(self) -> int:
        """Peak of this process, MiB; macOS counts in bytes, Linux in KiB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (2**20 if sys.platform == "darwin" else 2**10)

    def lines(self) -> list[str]:
        rows = [f"{self.inputs:,} inputs, {len(self.failures)} failures, peak memory {self.memory:,} MiB"]
        rows += [f"{count:>10,}  {outcome}" for outcome, count in self.outcomes.most_common()]
        rows += [f"{seconds:10.3f} s  {what!r}" for seconds, what in self.slowest]
        return rows + self.failures


def run(inputs: int, seed: int, tell: Callable[[Tally], None] = lambda tally: None) -> Tally:
    """Each input comes from its own Random, so that one can be had again: `Random(f"{seed}/{number}")`."""
    tally = Tally()
    for number in range(inputs):
        random = Random(f"{seed}/{number}")
        given = texts.text(random)
        start = time.process_time()
        try:
            outcome = one(random, given, tally)
        except Exception:
            outcome = "FAILED"
            tally.failures.append(f"{seed}/{number} {given[:SHOWN]!r}\n{traceback.format_exc()}")
        tally.inputs += 1
        tally.outcomes[outcome] += 1
        tally.took(time.process_time() - start, given)
        tell(tally)
    return tally


def one(random: Random, given: str, tally: Tally) -> str:
    """What became of one text, in a word."""
    names = random.choice(((), (), (), ("Δx",), ("e", "F")))
    expression = language.read(given, names)
    if not isinstance(expression, Expression):
        return f"refused: {expression}"
    language.read_back(expression)
    if random.random() > EVALUATED:
        return "accepted"
    asked = language.request(random, given, expression, names)
    snapshot = language.evaluated(asked)
    if snapshot.problem is not None:
        return f"evaluated: {snapshot.problem.kind}"
    if random.random() < DERIVED / EVALUATED:
        told = language.derived(asked, snapshot)
        tally.outcomes["(sympy stopped)" if told is None else "(differentiated)"] += 1
        snapshot = told or snapshot
    if random.random() < REPORTED / EVALUATED:
        language.reported(snapshot)
    return "evaluated"

"""Where a policy's log probability is weighed by what a baseline is taken off, and the loss moves that baseline, too. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradtui.graph.losses.moving_targets import COMPARING, DISTANCES, MOST_COMPARISONS, MovingTargets
from gradtui.graph.losses.nodes import N

DIFFERENCES = {"Sub", "Rsub"}
SHARES = {"Softmax", "Sigmoid", "Div"}
PARTS, MOST_PARTS = {"Sub", "Rsub", "Exp", "Neg"}, 4
"""That a logarithm of a probability is made of, one within the other."""


class MovingAdvantages(MovingTargets[N]):
    """The same is told of a graph as for targets."""

    def found(self, nodes: Iterable[N]) -> Iterator[tuple[N, frozenset[N]]]:
        """The products of a log probability and a difference, and the leaves that the difference alone is made of, where another
        term of the loss fits what they give."""
        fitted: set[N] = set()
        products: list[N] = []
        for node in nodes:
            fitted.update(self._fitted(node))
            if self._operation(node) == "Mul" and len({*self._learned(node)}) == 2:
                products.append(node)
        for node in products[:MOST_COMPARISONS] if fitted else ():
            a, b = self._learned(node)
            for policy, advantage in ((a, b), (b, a)):
                own = self._own(policy, advantage, fitted)
                if own:
                    yield node, own

    def _own(self, policy: N, advantage: N, fitted: set[N]) -> frozenset[N]:
        """The leaves of the advantage that the policy has not."""
        differences = [one for one in self._makers(advantage) if self._operation(one) in DIFFERENCES]
        baselines = {one for each in differences for side in self._learned(each) for one in self._makers(side)}
        if not fitted & {*differences, *baselines} or not self._is_log_probability(policy):
            return frozenset()
        return self._leaves(advantage) - self._leaves(policy)

    def _fitted(self, node: N) -> Iterator[N]:
        """What made the sides of a comparison, and their difference."""
        name = self._operation(node)
        if name not in COMPARING and name not in DISTANCES:
            return
        sides = self._learned(node)
        if name in DISTANCES and len({*sides}) == 1 and self._operation(sides[0]) in DIFFERENCES:
            yield sides[0]
        elif name not in COMPARING:
            return
        for side in sides:
            yield from self._makers(side)

    def _is_log_probability(self, start: N, inside: int = 0) -> bool:
        return any(self._makes_one(node, inside) for node in self._makers(start))

    def _makes_one(self, node: N, inside: int) -> bool:
        """As distributions of torch do, or log_softmax, or a ratio of two probabilities, exp(new - old)."""
        name, learned = self._operation(node), self._learned(node)
        inner = {self._operation(made) for one in learned for made in self._makers(one)}
        whole = (
            name == "LogSoftmax"
            or (name == "Log" and bool(inner & SHARES))
            or (name == "Neg" and "BinaryCrossEntropyWithLogits" in inner)
            or (name == "Sub" and "Logsumexp" in inner)
            or (name == "Div" and inside > 0 and "Neg" in inner)  # a normal one: -(x - mean)^2/(2 var) - log(deviation)
        )
        parts = learned if name in PARTS and inside < MOST_PARTS else ()
        return whole or any(self._is_log_probability(one, inside + 1) for one in parts)

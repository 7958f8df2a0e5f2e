"""Graphs that nobody drew."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from gradtui.snapshot.model import Edge, Graph, Module, Node, Parameter, Snapshot, Values

PATHS = ("", "a", "a.b", "a.b.c", "a.0", "a.1", "a.2", "d", "e.0", "e.1")
KNOWN = {path: Module("Thing") for path in PATHS if path} | {"e": Module("ModuleList")}


@st.composite
def modular(draw: st.DrawFn, most: int = 30) -> Graph:
    """A DAG whose edges lead to higher ids, its nodes in modules, some called twice. Not every node is reached from 0."""
    count = draw(st.integers(1, most))
    nodes = []
    for id in range(count):
        targets: Sequence[int] = ()
        if id < count - 1:
            targets = draw(st.lists(st.integers(id + 1, count - 1), max_size=3))
            if draw(st.booleans()):
                targets = [id + 1]
        grad = Values((), (draw(st.floats(-9, 9)),))
        path, call = draw(st.sampled_from(PATHS)), draw(st.integers(0, 1))
        edges = tuple(Edge(target, grad=grad) for target in targets)
        nodes.append(Node(id, "SomeBackward0", (), "float64", "cpu", 0, id, edges, None, grad, module=path, call=call))
    return Graph(tuple(nodes))


NAMES = ("AddBackward0", "MulBackward0", "TanhBackward0")
SOME = Values((), (1.5,))


def tangled(chance: random.Random, most: int = 24) -> Snapshot:
    """Any Snapshot that may come: shared nodes, several outputs, nodes that backward never ran, edges that lead to what
    stands before, constants, edges there twice, modules that call each other in a circle and many times.
    """
    count = chance.randint(0, most)
    ids = list(range(count))
    if chance.random() < 0.3:
        chance.shuffle(ids)
    ends = [[chance.randrange(place + 1, count) for _ in range(_few(chance))] for place in range(count - 1)] + [[]] * (
        count > 0
    )
    if chance.random() < 0.5:
        ends = [
            [place + 1, *several] if place < count - 1 and chance.random() < 0.7 else several
            for place, several in enumerate(ends)
        ]
    used = {end for several in ends for end in several}
    roots = [id for place, id in enumerate(ids) if place not in used or chance.random() < 0.1]
    ran = chance.randint(0, count) if ids == sorted(ids) else 0
    paths = chance.sample(PATHS, chance.randint(1, len(PATHS)))
    nodes = {}
    for place, id in enumerate(ids):
        edges = [Edge(ids[end], grad=_gradient(chance)) for end in ends[place]]
        edges += [Edge(None, constant=chance.choice([None, "3"])) for _ in range(_few(chance) // 2)]
        chance.shuffle(edges)
        path, variable = chance.choice(paths), None
        if not edges and chance.random() < 0.5:
            variable = ".".join(filter(None, (chance.choice(PATHS), f"w{id}")))
        nodes[id] = Node(
            id,
            chance.choice(NAMES),
            (),
            "float64",
            "cpu",
            place,
            id if id < ran else None,
            tuple(edges),
            grad_output=_gradient(chance) if id < ran else None,
            variable=variable,
            module=path,
            call=_few(chance),
        )
    named = {node.variable: node for node in nodes.values() if node.variable}
    parameters = {name: Parameter(SOME, node.grad_output, "float64", "cpu", node.id) for name, node in named.items()}
    beside = {
        name: Parameter(SOME, None, "float64", "cpu") for name in ("a.w", "d.e.w", "out") if chance.random() < 0.3
    }
    modules = {
        path: Module(chance.choice(["Thing", "ModuleList"]), chance.choice([None, 0, 1, 3]))
        for path in PATHS
        if path and chance.random() < 0.6
    }
    graph = Graph(tuple(nodes[id] for id in range(count)), tuple(roots) or (0,))
    return Snapshot(
        0, "loss", value=SOME, graph=graph, parameters=parameters | beside, modules=modules, origin="capture"
    )


def _few(chance: random.Random) -> int:
    return chance.choice([0, 0, 1, 1, 2, 3])


def _gradient(chance: random.Random) -> Values | None:
    return Values((), (chance.choice([0.0, -2.0, 1.5, float("nan")]),)) if chance.random() < 0.8 else None

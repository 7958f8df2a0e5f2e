"""Snapshots of models that nobody ran: as PyTorch would record them, for the screens, at any size, without torch."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from gradtui.snapshot.model import Edge, Graph, Module, Node, Parameter, Snapshot, Summary, Values

BEFORE = 1 << 40
"""A leaf runs before all else, as soon as it is ready."""


@dataclass
class Tape:
    """Records operations in the order of the forward pass."""

    operations: list[tuple[str, list[int], str, int, str | None, tuple[int, ...]]] = field(default_factory=list)
    leaves: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, *inputs: int, module: str = "", call: int = 0, shape: tuple[int, ...] = (128, 768)) -> int:
        """An operation on the results `inputs`; -> its result."""
        self.operations.append((f"{name}Backward0", list(inputs), module, call, None, shape))
        return len(self.operations) - 1

    def leaf(self, name: str, *shape: int) -> int:
        """A parameter; the same one where it was met before."""
        if name not in self.leaves:
            self.leaves[name] = len(self.operations)
            self.operations.append(("AccumulateGrad", [], name.rpartition(".")[0], 0, name, shape))
        return self.leaves[name]

    def graph(self, norms: dict[str, float] | None = None) -> Graph:
        """The nodes, numbered as the engine runs them from the last operation on."""
        waiting = [0] * len(self.operations)
        for operation in self.operations:
            for source in operation[1]:
                waiting[source] += 1
        order: list[int] = []
        ready = [-(len(self.operations) - 1)]
        while ready:
            at = heapq.heappop(ready)
            at = at + BEFORE if at < -BEFORE // 2 else at
            order.append(-at)
            for source in self.operations[-at][1]:
                waiting[source] -= 1
                if waiting[source] == 0:
                    leaf = self.operations[source][4] is not None
                    heapq.heappush(ready, -source - BEFORE if leaf else -source)
        ids = {at: id for id, at in enumerate(order)}
        return Graph(tuple(self._node(id, at, ids, norms or {}) for id, at in enumerate(order)))

    def _node(self, id: int, at: int, ids: dict[int, int], norms: dict[str, float]) -> Node:
        name, inputs, module, call, leaf, shape = self.operations[at]
        grad = gradient(shape, norms.get(leaf or "", 0.01 + (id * 37 % 100) / 1000))
        edges = tuple(Edge(ids[source], grad=grad) for source in inputs)
        sequence = None if leaf else at
        return Node(
            id, name, shape, "float32", "cpu", sequence, id, edges, None, grad, (), None, leaf, None, module, call
        )


def gradient(shape: tuple[int, ...], norm: float, *, nan: int = 0, zero: int = 0) -> Values:
    """A gradient of that norm; only its summary where it is large."""
    count = math.prod(shape)
    each = norm / math.sqrt(count)
    if count <= 8:
        return Values(shape, (each,) * count)
    first = (math.nan if nan else each, *(each,) * 7)
    return Values(shape, first, Summary(-each, 2 * each, each / 8, norm, nan, 0, zero))


def bert(layers: int = 12, hidden: int = 768) -> Snapshot:
    """A BERT with a loss: 60 nodes or so a layer. One parameter has a NaN in its gradient, one a gradient of zero."""
    tape, wide = Tape(), (128, hidden)
    modules = {
        "": Module("BertForMaskedLM", 1),
        "bert": Module("BertModel", 1),
        "bert.encoder": Module("BertEncoder", 1),
    }
    modules |= {"bert.encoder.layer": Module("ModuleList", 0), "bert.embeddings": Module("BertEmbeddings", 1)}

    def linear(path: str, x: int, out: int = hidden, of: int = hidden) -> int:
        modules[path] = Module("Linear", 1)
        turned = tape.run("T", tape.leaf(f"{path}.weight", out, of), module=path, shape=(of, out))
        flat = tape.run("View", x, module=path)
        product = tape.run("Addmm", tape.leaf(f"{path}.bias", out), flat, turned, module=path)
        return tape.run("View", product, module=path)

    def norm(path: str, x: int) -> int:
        modules[path] = Module("LayerNorm", 1)
        leaves = tape.leaf(f"{path}.weight", hidden), tape.leaf(f"{path}.bias", hidden)
        return tape.run("NativeLayerNorm", x, *leaves, module=path)

    tables = [
        tape.run("Embedding", tape.leaf(f"bert.embeddings.{name}_embeddings.weight", count, hidden), module=path)
        for name, count in (("word", 30522), ("position", 512), ("token_type", 2))
        for path in [f"bert.embeddings.{name}_embeddings"]
    ]
    modules |= {
        f"bert.embeddings.{name}_embeddings": Module("Embedding", 1) for name in ("word", "position", "token_type")
    }
    x = tables[0]
    for table in tables[1:]:
        x = tape.run("Add", x, table, module="bert.embeddings", shape=wide)
    x = norm("bert.embeddings.LayerNorm", x)
    for number in range(layers):
        layer = f"bert.encoder.layer.{number}"
        attention = f"{layer}.attention"
        self = f"{attention}.self"
        modules |= {layer: Module("BertLayer", 1), attention: Module("BertAttention", 1)}
        modules |= {self: Module("BertSelfAttention", 1), f"{attention}.output": Module("BertSelfOutput", 1)}
        modules |= {f"{layer}.intermediate": Module("BertIntermediate", 1), f"{layer}.output": Module("BertOutput", 1)}
        heads = []
        for name in ("query", "key", "value"):
            viewed = tape.run("View", linear(f"{self}.{name}", x), module=self)
            heads.append(tape.run("Transpose", viewed, module=self))
        scores = tape.run("Softmax", tape.run("Bmm", heads[0], heads[1], module=self), module=self)
        context = tape.run("Bmm", scores, heads[2], module=self)
        context = tape.run("View", tape.run("Transpose", context, module=self), module=self)
        dense = linear(f"{attention}.output.dense", context)
        summed = tape.run("Add", dense, x, module=f"{attention}.output")
        x = norm(f"{attention}.output.LayerNorm", summed)
        inner = linear(f"{layer}.intermediate.dense", x, 4 * hidden)
        inner = tape.run("Gelu", inner, module=f"{layer}.intermediate")
        dense = linear(f"{layer}.output.dense", inner, hidden, 4 * hidden)
        x = norm(f"{layer}.output.LayerNorm", tape.run("Add", dense, x, module=f"{layer}.output"))
    modules |= {"cls": Module("BertOnlyMLMHead", 1)}
    x = linear("cls.decoder", norm("cls.LayerNorm", tape.run("Gelu", linear("cls.dense", x), module="cls")), 30522)
    tape.run("NllLoss", tape.run("LogSoftmax", x), shape=())
    norms = {name: 2.0 ** -(depth % 40) for depth, name in enumerate(reversed(tape.leaves))}
    return snapshot(tape, modules, norms, nan="bert.embeddings.token_type_embeddings.weight", zero="cls.dense.bias")


def snapshot(
    tape: Tape, modules: dict[str, Module], norms: dict[str, float], *, nan: str = "", zero: str = ""
) -> Snapshot:
    """The graph with its parameters; the gradients of `nan` and `zero` as they are named."""
    graph = tape.graph(norms)
    parameters = {}
    for node in sorted(
        (node for node in graph.nodes if node.variable), key=lambda node: tape.leaves[node.variable or ""]
    ):
        name, grad = node.variable or "", node.grad_output
        assert grad is not None
        if name == nan:
            grad = gradient(node.shape, 0.5, nan=3)
        elif name == zero:
            grad = gradient(node.shape, 0.0, zero=math.prod(node.shape))
        parameters[name] = Parameter(gradient(node.shape, 1.0), grad, node.dtype, node.device, node.id)
    nodes = tuple(_with(node, parameters) for node in graph.nodes)
    modules = {path: modules[path] for path in sorted(modules)}
    value = Values((), (2.5,))
    return Snapshot(
        0, "loss", value=value, graph=Graph(nodes), parameters=parameters, modules=modules, origin="capture"
    )


def _with(node: Node, parameters: dict[str, Parameter]) -> Node:
    """A leaf with the gradient of its parameter."""
    return replace(node, grad_output=parameters[node.variable].grad) if node.variable else node


def recurrence(steps: int) -> Snapshot:
    """h = tanh(w·h + b), 3 nodes a step, w and b shared by all of them."""
    tape = Tape()
    w, b, h = tape.leaf("w", 8, 8), tape.leaf("b", 8), tape.leaf("h", 8)
    for _ in range(steps):
        h = tape.run("Tanh", tape.run("Add", tape.run("Mul", w, h, shape=(8,)), b, shape=(8,)), shape=(8,))
    return snapshot(tape, {}, {})


def wide(branches: int) -> Snapshot:
    """Many branches of one leaf, added up at once: a node with so many edges."""
    tape = Tape()
    x = tape.leaf("x", 8)
    ends: Iterable[int] = [tape.run("Sin", x, shape=(8,)) for _ in range(branches)]
    tape.run("Stack", *ends, shape=(branches, 8))
    return snapshot(tape, {}, {})

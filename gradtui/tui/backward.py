"""The backward pass under one's hands: stepped, played, asked why, and changed to see what if."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from gradtui.graph.replay import Replay
from gradtui.graph.short_names import function
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.findings import Findings, Looked
from gradtui.tui.player import Player
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp


class Cursor(Struct, frozen=True):
    """What is looked at.

    selected: id of a node. chosen: one of its edges, for an experiment; None for all. steps_done: how many nodes backward has
    run, None where it is not stepped. told: the finding that was asked for; it is told while its node is selected.
    """

    selected: int | None = None
    chosen: int | None = None
    steps_done: int | None = None
    told: Finding | None = None


class Backward:
    """Moves the cursor over the graph of the last answer, by hand, as a film, or to what is wrong; and asks what if.

    moved: called each time the cursor, or the ledger, is another one. ask: where the session is to be evaluated anew.
    """

    def __init__(
        self,
        app: MendedApp,
        session: Session,
        answers: Answers,
        findings: Findings,
        player: Player,
        *,
        moved: Callable[[], None],
        ask: Callable[[], None],
    ) -> None:
        self._cursor = Cursor()
        self._shown: Snapshot | None = None
        self._app, self._session, self._answers = app, session, answers
        self._findings, self._player = findings, player
        self._moved, self._ask = moved, ask
        self._replay = Replay(Graph())

    @property
    def cursor(self) -> Cursor:
        """In what is shown: the same place where its graph has the shape of the one before, else anew; that is no `moved`.

        What was told had the numbers of the answer before.
        """
        before, shown = self._shown, self.shown
        if shown is not before:
            self._shown = shown
            if not texts.same_graph(before, shown):
                self._cursor = Cursor(texts.first_node(shown))
            elif before is None or shown is None or before.graph is not shown.graph:
                self._cursor = replace(self._cursor, told=None)
        return self._cursor

    @property
    def shown(self) -> Snapshot | None:
        """What is looked at: the last answer, or one of its derivatives with the graph of that."""
        return self._answers.looked_at(self._session.looked)

    @property
    def looked(self) -> Looked | None:
        """The same, and whose derivative it is; as long as nothing is, what was refused."""
        whole = self._answers.shown or self._answers.failure
        shown = self.shown or whole
        if whole is None or shown is None:
            return None
        return Looked(shown, whole, self.replay, 1 if shown is whole else self._session.looked)

    def turn(self, to: Literal["order", "graph", "degree"]) -> None:
        """To one derivative more, to the graph of the next, or to the next degree of Taylor's polynomial."""
        self._player.stop()
        self._session.turn(to)
        self._ask()

    def select(self, node: int) -> None:
        """A node of what is shown; what is pointed at may still be the picture before."""
        if self.shown is not None and node < len(self.shown.graph.nodes):
            self._move(selected=node)

    # The recorded pass

    @property
    def replay(self) -> Replay:
        """Of what is shown."""
        graph = self.shown.graph if self.shown is not None else self._replay.graph
        if self._replay.graph is not graph:
            self._replay = Replay(graph)
        return self._replay

    @property
    def order(self) -> tuple[int, ...]:
        """Ids of the nodes that backward ran, as it ran them."""
        return self.replay.order

    def step(self, by: int) -> None:
        """`by` nodes on, or back."""
        self._player.stop()
        self._run(backward_step(self.cursor.steps_done, len(self.order), by))

    def to_end(self) -> None:
        self._player.stop()
        self._move(steps_done=None)

    def to_start(self) -> None:
        self._player.stop()
        self._move(steps_done=0)

    def to_node(self) -> None:
        """As far as the selected node, it included."""
        self._player.stop()
        if self.cursor.selected in self.order:
            self._run(self.order.index(self.cursor.selected) + 1)
        else:
            self._app.notify("backward never runs this node", timeout=3)

    def play(self) -> None:
        """On from here, or from the start where backward is at its end; pause while it plays."""
        if self._player.playing:
            self._player.stop(pause=True)
            return
        if not self._has_more:
            self._move(steps_done=0)
        self._player.play(self._advance)

    def _advance(self) -> bool:
        """One node on, while it plays; whether there are more."""
        if self.cursor.steps_done is not None:
            self._run(backward_step(self.cursor.steps_done, len(self.order), 1))
        return self._has_more

    @property
    def _has_more(self) -> bool:
        return self.cursor.steps_done is not None and self.cursor.steps_done < len(self.order)

    def _run(self, steps_done: int | None) -> None:
        """The node that has just run is the one that is looked at."""
        if steps_done:
            self._move(steps_done=steps_done, selected=self.order[steps_done - 1])
        else:
            self._move(steps_done=steps_done)

    # Why

    def why(self) -> None:
        """Why the selected parameter's gradient is what it is; else where something goes wrong, another place each time."""
        shown, at = self.shown, self.looked
        name, selected = texts.parameter(shown, self.cursor.selected), texts.node_of(shown, self.cursor.selected)
        by = self._session.active if selected is None or selected.variable is None else selected.variable
        if by is None and at is not None and at.whole.orders is not None:
            by = at.whole.orders.along
        if at is not None and at.order > 1 and name in at.whole.variables:
            name = None
        if self.cursor.told is not None or self._findings.explain(at, name, by):
            self.tell()
        else:
            self._app.notify("looking for what is wrong in this large graph …", timeout=3)

    def tell(self) -> None:
        """The next reason, and go where it is seen."""
        found = self._findings.after(self.cursor.told)
        if found is None:
            graph = self.shown.graph if self.shown is not None else Graph()
            what = f"{function(graph)} and its gradient are finite here" if graph.nodes else "there is no graph here"
            self._app.notify(f"{what}, and no fault is found", timeout=3)
            return
        self._move(selected=self.cursor.selected if found.node is None else found.node, told=found)
        if self._session.ledger:
            self.toggle_ledger()

    def toggle_ledger(self) -> None:
        """Tangents cost a second pass: they are asked for only while the ledger is seen."""
        self._session.ledger = not self._session.ledger
        self._moved()
        if self._session.ledger:
            self._ask()

    # What if

    @property
    def sending(self) -> list[int]:
        """The edges along which the selected node sends a gradient."""
        shown = self.shown
        if shown is None or self.cursor.selected is None:
            return []
        edges = shown.graph.nodes[self.cursor.selected].edges
        return [index for index, edge in enumerate(edges) if edge.grad is not None]

    def choose_edge(self) -> None:
        """What the next experiment is about: one edge of the node after the other, then all of them."""
        chosen = self.cursor.chosen
        self._move(chosen=next((edge for edge in self.sending if chosen is None or edge > chosen), None))

    def experiment(self, factor: float) -> None:
        """What if the selected node sent `factor` times its gradient? 0 cuts; a second cut mends."""
        shown, session, node = self._answers.shown, self._session, self.cursor.selected
        if shown is None or node is None or session.problem or shown.expression != session.text:
            return
        if self._session.looked > 1:
            back = self._app.key_names["look"]
            self._app.notify(f"what if is asked of the graph of f: {back} goes back to it", timeout=3)
            return
        if not self.sending:
            self._app.notify("this node sends no gradient on: choose one above it", timeout=3)
            return
        session.experiment(node, factor, self.cursor.chosen)
        self._ask()

    def _move(self, **changes: Any) -> None:
        """All at once: it is painted once. At another node neither the edge nor what was told is meant any more."""
        before = self.cursor
        self._cursor = replace(before, **changes)
        if self._cursor.selected != before.selected:
            self._cursor = replace(self._cursor, chosen=None, told=changes.get("told"))
        if self._cursor != before:
            self._moved()


def backward_step(steps_done: int | None, total: int, by: int) -> int | None:
    """The next place of the backward cursor: 0 nothing has run, `total` all has, None finished and not stepped.

    Forward from None begins at the first node; back from None takes up the last.
    """
    if total == 0:
        return None
    if steps_done is None:
        return 1 if by > 0 else total
    moved = steps_done + by
    return None if moved > total else max(moved, 0)

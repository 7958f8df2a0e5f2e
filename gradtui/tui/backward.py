"""The backward pass under one's hands: stepped, played, asked why, and changed to see what if."""

from __future__ import annotations

import asyncio

from gradtui.graph.replay import Replay
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Graph, Snapshot
from gradtui.tui import texts
from gradtui.tui.asking import Exchange
from gradtui.tui.evaluator import MakeEvaluator
from gradtui.tui.node.panel import LARGE
from gradtui.tui.player import Player
from gradtui.tui.session import Session, backward_step


class Debugger(Exchange):
    """The keys that move the cursor over the recorded pass, and those that ask for another one."""

    def __init__(self, session: Session, service: MakeEvaluator) -> None:
        super().__init__(session, service)
        self.player = Player(self, self.advance, self.show_player)
        self._replay = Replay(Graph())
        self.reasons: tuple[Finding, ...] = ()

    @property
    def order(self) -> tuple[int, ...]:
        """Ids of the nodes that backward ran, as it ran them."""
        graph = self.answers.shown.graph if self.answers.shown is not None else Graph()
        if self._replay.graph is not graph:
            self._replay = Replay(graph)
        return self._replay.order

    def action_backward(self, by: int) -> None:
        self.player.stop()
        self.move_backward(by)

    def move_backward(self, by: int) -> None:
        self.steps_done = backward_step(self.steps_done, len(self.order), by)
        if self.steps_done:
            self.selected = self.order[self.steps_done - 1]

    def advance(self) -> bool:
        """One node on, while it plays; whether there are more."""
        if self.steps_done is not None:
            self.move_backward(1)
        return self.steps_done is not None and self.steps_done < len(self.order)

    def action_backward_end(self) -> None:
        self.player.stop()
        self.steps_done = None

    def action_backward_start(self) -> None:
        self.player.stop()
        self.steps_done = 0

    def action_backward_to_node(self) -> None:
        """As far as the selected node, it included."""
        self.player.stop()
        if self.selected in self.order:
            self.steps_done = self.order.index(self.selected) + 1
        else:
            self.notify("backward never runs this node", timeout=3)

    def action_play(self) -> None:
        """On from here, or from the start where backward is at its end; pause while it plays."""
        if self.player.playing:
            self.player.stop()
            return
        if self.steps_done is None or self.steps_done >= len(self.order):
            self.steps_done = 0
        self.player.play()

    def action_speed(self, by: int) -> None:
        self.player.rescale(by)

    def show_player(self) -> None:
        self.picture.graph.border_subtitle = self.player.text

    def action_why(self) -> None:
        """Why the selected parameter's gradient is what it is; else where something goes wrong, another place each time."""
        shown, name = self.answers.shown, texts.parameter(self.answers.shown, self.selected)
        if self.told is not None:
            self.tell()
        elif shown is None or name is None:
            self.tell(self.picture.node_panel.findings)
        elif len(shown.graph.nodes) > LARGE:
            self.run_worker(self._ask_why(shown, name), group="why", exclusive=True)
        else:
            self.tell(texts.why(shown, name))

    async def _ask_why(self, shown: Snapshot, name: str) -> None:
        """In a thread, as it takes a second for a large graph."""
        found = await asyncio.to_thread(texts.why, shown, name)
        if shown is self.answers.shown:
            self.tell(found)

    def tell(self, reasons: tuple[Finding, ...] | None = None) -> None:
        """The first of other `reasons`, else the next one, and go where it is seen."""
        if reasons is not None:
            self.reasons = reasons
        if not self.reasons:
            self.notify("f and its gradient are finite here, and nothing dies on the way", timeout=3)
            return
        place = self.reasons.index(self.told) + 1 if self.told in self.reasons else 0
        found = self.reasons[place % len(self.reasons)]
        if found.node is not None:
            self.selected = found.node
        self.told = found
        if self.session.ledger:
            self.action_toggle_ledger()

    def action_experiment(self, factor: float) -> None:
        """What if the selected node sent `factor` times its gradient? 0 cuts; a second cut mends."""
        shown = self.answers.shown
        if shown is None or self.selected is None or self.text_problem or shown.expression != self.session.text:
            return
        if not self.sending:
            self.notify("this node sends no gradient on: choose one above it", timeout=3)
            return
        self.session.experiment(self.selected, factor, self.chosen)
        self.ask()

    def action_choose_edge(self) -> None:
        """What the next experiment is about: one edge of the node after the other, then all of them."""
        later = [edge for edge in self.sending if self.chosen is None or edge > self.chosen]
        self.chosen = next(iter(later), None)

    @property
    def sending(self) -> list[int]:
        """The edges along which the selected node sends a gradient."""
        shown = self.answers.shown
        if shown is None or self.selected is None:
            return []
        return [index for index, edge in enumerate(shown.graph.nodes[self.selected].edges) if edge.grad is not None]

    def action_undo_experiment(self) -> None:
        self.session.undo_experiment()
        self.ask()

    def action_toggle_ledger(self) -> None:
        """Tangents cost a second pass: they are asked for only while the ledger is seen."""
        self.session.ledger = self.picture.node_panel.ledger_shown = not self.session.ledger
        if self.session.ledger:
            self.ask()

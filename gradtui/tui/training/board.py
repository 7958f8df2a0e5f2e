"""All that training adds to the screen: its keys, what its charts draw, and what the node panel says of an update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from gradtui.chart.window import Position
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.start import Start
from gradtui.snapshot.training import Update
from gradtui.snapshot.visible import visible
from gradtui.training.optimizer_text import read_optimizer
from gradtui.training.optimizers import DEFAULT
from gradtui.tui import texts
from gradtui.tui.answers import Answers
from gradtui.tui.backward import Backward
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.chart import Chart
from gradtui.tui.player import Player
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training import live_again
from gradtui.tui.training.charts import MOST_KEPT, TITLES, Charts
from gradtui.tui.training.following import after_update
from gradtui.tui.training.lines import norm_lines, update_lines
from gradtui.tui.training.optimizer_entry import OptimizerEntry
from gradtui.tui.training.summary import diverges, summaries
from gradtui.tui.training.trainer import Trainer

OFFERED = ("contour", "f and f'")
"""What stands under the chart of two variables where nothing is trained."""
MOST_TRAIL = 200
"""Places of the last updates that are drawn on f."""


class Views(Protocol):
    """What it shows itself in."""

    chart: Chart
    node_panel: NodePanel

    trains: bool

    def open_optimizer(self, text: str) -> None: ...
    def lay_out(self) -> None: ...


class Board:
    """trainer: makes the updates. charts: what is drawn of them.

    ask: has the session evaluated. foresee: has another one evaluated, as it is likely to stand next. moved: paints where one
    looks.
    """

    def __init__(
        self,
        app: MendedApp,
        session: Session,
        answers: Answers,
        backward: Backward,
        *,
        ask: Callable[[], None],
        foresee: Callable[[Callable[[], Session | None]], None],
        moved: Callable[[], None],
    ) -> None:
        self._app, self._session, self._answers, self._backward = app, session, answers, backward
        self._ask, self._foresee, self._moved = ask, foresee, moved
        heard = {"moved": ask, "changed": self.show, "look": self.look, "parts": self._part}
        self.trainer = Trainer(app, session, answers, **heard)
        self.charts = Charts(session, answers, self.trainer)
        self._chosen = True
        self._views: Views | None = None

    def begin(self, start: Start) -> None:
        """As the command line says."""
        self.trainer.begin(start)
        self._chosen = start.optimizer is None and start.trained is None and not start.data

    def live_again(self) -> Start:
        """What evaluates a saved picture anew."""
        shown = self._answers.shown
        return self._session.start() if shown is None else live_again.live_again(self._session, shown)

    def attach(self, views: Views) -> None:
        self._views = views

    def prepare(self) -> None:
        """Have the session's next request bring the next update, and what the chart lacks."""
        self.trainer.prepare()
        if self._session.origin == "expression":  # of a file the first answer says what there is to move
            self._choose()
        self.charts.prepare()
        if self._views is not None:
            self._views.chart.show_trail(self._trail, with_point=True)

    def _choose(self) -> bool:
        """Have the first chart be the one that the command line speaks of; whether an answer has to bring it."""
        if self._chosen:
            return False
        self._chosen = True
        self.charts.begin()
        return self.charts.seen in ("fit", "contour")

    def arrived(self) -> None:
        """Another answer is there, and shown."""
        if self._choose():
            self._ask()
        self.show()
        self.trainer.arrived()
        if self.trainer.active:
            self._foresee(partial(after_update, self._session, self.trainer))

    @property
    def whole(self) -> Snapshot | None:
        """What is shown, with all updates that have led to it."""
        shown, made = self._answers.whole, self.trainer.made
        return shown if shown is None or made is None else replace(shown, training=made)

    # What is shown

    def show(self) -> None:
        """What the run has come to, where it came by, and why."""
        views, trainer = self._views, self.trainer
        if views is None:
            return
        chart, panel = views.chart, views.node_panel
        chart.entitle(TITLES[self.charts.seen])
        panel.tell_below(*map(visible, summaries(trainer, self._session)))
        offered = "contour" in self.charts.kinds and not trainer.active
        chart.show_drawing(self.charts.drawing())
        other = OFFERED[self.charts.seen != "curve"]
        chart.tell_below(f"{self._app.key_names['chart.next']}: {other}" if offered else "")
        chart.show_trail(self._trail)
        if views.trains != trainer.active:
            views.trains = trainer.active
            views.lay_out()
        self._moved()

    @property
    def _trail(self) -> Sequence[Position]:
        """Of the active variable, where it is one that moves."""
        session, trainer = self._session, self.trainer
        active = session.active
        moves = active in trainer.stepped or not trainer.of_file
        return trainer.history.trail(active, session.element, MOST_TRAIL) if active and moves else ()

    def tell(self) -> None:
        """Of the selected variable, why it moved and how it would move next."""
        trainer, history = self.trainer, self.trainer.history
        node = texts.node_of(self._backward.shown, self._backward.cursor.selected)
        if self._views is None:
            return
        panel = self._views.node_panel
        before, keys = history.before(history.here - 1), self._app.key_names
        if trainer.active and trainer.of_file and not self._all_told(history.last):
            name = node.variable if node is not None else None
            told = norm_lines(name, history.last, before, trainer.next, trainer.trained, history.maker, keys=keys)
            panel.update_lines = tuple(told)
            return
        if not trainer.active or node is None or node.variable not in trainer.trained:
            panel.update_lines = ()
            return
        maker, growth = history.maker, diverges(trainer)
        told = update_lines(node.variable, history.last, before, trainer.next, maker, growth, keys=keys)
        panel.update_lines = tuple(told)

    def _all_told(self, last: Update | None) -> bool:
        """Whether nothing is told by norms."""
        following = self.trainer.next.updates[0] if self.trainer.next is not None else last
        return following is not None and not following.norms

    def look(self) -> None:
        """At a variable that moves, unless one does so already."""
        leaf = texts.leaf_of(self._backward.shown, self._session.active, self.trainer.trained)
        looked_at = texts.node_of(self._backward.shown, self._backward.cursor.selected)
        if leaf is not None and (looked_at is None or looked_at.variable not in self.trainer.trained):
            self._backward.select(leaf)

    # Keys

    def act(self, what: str) -> None:
        """What a key, or the palette, asks for."""
        trainer = self.trainer
        does: dict[str, Callable[[], None]] = {
            "update": trainer.update,
            "play": trainer.play,
            "back": partial(trainer.after, trainer.back),
            "to_start": partial(trainer.after, self._to_start),
            "smaller": partial(trainer.after, partial(trainer.rescale, -1)),
            "larger": partial(trainer.after, partial(trainer.rescale, 1)),
            "open": self.open_optimizer,
            "open_update": self.open_update,
            "toggle": self.toggle_trained,
            "keep": self.keep_run,
        }
        does[what]()

    def playing(self, other: Player) -> Player:
        """The film that runs; the other one where training does not."""
        return self.trainer.player if self.trainer.player.playing else other

    def step(self, by: int) -> None:
        """The update is one more step of backward: forward, backward, update, again."""
        steps_done, total = self._backward.cursor.steps_done, len(self._backward.order)
        if self.trainer.active and steps_done == total and by > 0:
            self._backward.to_start()
            self.trainer.update()
        elif self.trainer.active and steps_done == 0 and by < 0 and self.trainer.history.here:
            self._backward.to_end()
            self.trainer.back()
        else:
            self._backward.step(by)

    def zoom(self, factor: float) -> None:
        if self.charts.seen == "contour":
            self.charts.zoom(factor)
            self._ask()
        elif self.charts.seen == "curve" and self._views is not None:
            self._views.chart.zoom(factor)

    def fit(self) -> None:
        """The chart that is seen to what is to be seen in it."""
        if self.charts.seen == "contour":
            self.charts.fit()
            self._ask()
        elif self.charts.seen == "curve" and self._views is not None:
            self._views.chart.fit()

    def _to_start(self) -> None:
        history = self.trainer.history
        if history.here == history.first:
            self._app.notify("no update is made before this one", timeout=3)
        self.trainer.to_start()

    def next_chart(self) -> None:
        if len(self.charts.kinds) == 1:
            update = self._app.key_names["update"]
            more = f": {update} makes an update, and of updates there is one" if self._session.live else ""
            self._app.notify(f"there is no other chart here{more}", timeout=4)
        self.charts.next()
        self.show()
        if self._session.live:
            self._ask()

    def keep_run(self) -> None:
        """This run stays in the charts, and the next begins where it did."""
        self.trainer.after(self._begin_another)
        self.open_optimizer()

    def _begin_another(self) -> None:
        self._keep()
        self.trainer.again()

    def _part(self) -> None:
        """The run ends where it is; as what is trained from here is something else, it stays in the charts beside that."""
        self._keep()
        self._app.notify("another run begins here: the one so far stays in the charts", timeout=4)

    def _keep(self) -> None:
        if gone := self.charts.keep():
            self._app.notify(f"the charts have room for {MOST_KEPT}: {gone.text} is gone", timeout=4)

    def toggle_trained(self) -> None:
        if self.trainer.of_file:
            self._toggle_parameter()
        elif self._session.active is not None:
            self.trainer.after(partial(self._toggle, self._session.active))
        else:
            self._session.take_back()
            self._ask()
            self._lay_out()

    def _toggle(self, name: str) -> None:
        self.trainer.toggle(name)
        self._lay_out()

    def _lay_out(self) -> None:
        if self._views is not None:
            self._views.lay_out()

    def _toggle_parameter(self) -> None:
        node = texts.node_of(self._answers.shown, self._backward.cursor.selected)
        known = self._answers.shown.parameters if self._answers.shown is not None else {}
        name = node.variable if node is not None and node.variable in known else self._session.active
        if name is None:
            toggle = self._app.key_names["trained"]
            self._app.notify(f"choose a parameter in the graph: {toggle} holds it, or lets it move", timeout=4)
        else:
            self.trainer.after(partial(self._toggle, name))

    def open_optimizer(self) -> None:
        if self._views is not None:
            self._views.open_optimizer((self.trainer.optimizer or DEFAULT).text)

    def open_update(self) -> None:
        if self._views is not None:
            self._views.open_optimizer(str(self.trainer.history.here))

    def choose(self, text: str) -> None:
        self.trainer.choose(read_optimizer(text))

    def entered(self, message: OptimizerEntry.Left) -> None:
        if message.optimizer is not None:
            self.trainer.after(partial(self.trainer.choose, message.optimizer))
        elif message.update is not None:
            self.trainer.after(partial(self.trainer.go_to, message.update))

"""Updates under one's hands: made, played, taken back, by an optimizer that is chosen, of the variables that are."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from gradtui.snapshot.model import Problem, Snapshot
from gradtui.snapshot.start import Start
from gradtui.snapshot.training import Batches, Optimizer, Place, Training, TrainingRequest
from gradtui.training.history import History, is_still, until_finite
from gradtui.training.optimizers import DEFAULT, settings
from gradtui.tui.answers import Answers
from gradtui.tui.player import Player
from gradtui.tui.session import Session
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.training.conditions import Conditions, conditions
from gradtui.tui.training.of_file import OfFile, moving, standing
from gradtui.tui.training.rate_ladder import next_rate

SPEEDS = (1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0)
"""Updates a second."""
FRAMES = 16
"""Pictures a second at most: where there are more updates, a picture is of several."""
MOST_WAITING = 8
"""Updates that are asked for while an answer is on its way, so that a key that is held never lags behind."""


class Trainer:
    """The `session` stands where the updates have led; the request of its picture has the next update made too, so that it is
    there before it is taken.

    optimizer: None until somebody trains. chosen: the variables that move, None for all that are no data. history: all updates.
    moved: called where the session stands elsewhere. changed: where there is something else to be said. look: where a person
    made an update, and wants to see why. parts: where a run ends, as others are trained from here.
    """

    def __init__(
        self,
        app: MendedApp,
        session: Session,
        answers: Answers,
        *,
        moved: Callable[[], None],
        changed: Callable[[], None],
        look: Callable[[], None],
        parts: Callable[[], None],
    ) -> None:
        self._app, self._session, self._answers, self._keys = app, session, answers, app.key_names
        self._moved, self._changed, self._look, self._parts = moved, changed, look, parts
        self.optimizer: Optimizer | None = None
        self.chosen: set[str] | None = None
        self.batches: Batches | None = None
        self.history = History()
        self.player = Player(app, changed, SPEEDS, "updates")
        self._waiting = 0
        self._then: deque[Callable[[], None]] = deque()
        self._begun = False
        self._first = 0
        self._trained: tuple[str, ...] = ()
        self._file = OfFile(session, self.history)

    def begin(self, start: Start) -> None:
        """As the command line says."""
        self.optimizer, self.batches, self._first = start.optimizer, start.batches, start.updates
        if start.trained is not None:
            self.optimizer = self.optimizer or DEFAULT
            self.chosen = {*start.trained} or None
        if self._first:
            self.optimizer = self.optimizer or DEFAULT

    @property
    def of_file(self) -> bool:
        """Whether what moves are the parameters of a file, which stand in the process that runs it."""
        return self._session.origin == "function" and self._session.live

    @property
    def trained(self) -> tuple[str, ...]:
        """The variables that move; of a file the parameters, once it has said which there are."""
        if self.of_file:
            return self._file.trained
        free = (name for name in self._session.variables if name not in self._session.data)
        return tuple(name for name in free if self.chosen is None or name in self.chosen)

    @property
    def stepped(self) -> tuple[str, ...]:
        """What moves, of the variables."""
        return self._file.arguments if self.of_file else self.trained

    @property
    def active(self) -> bool:
        """Whether there is an optimizer, and something that it moves."""
        if self.of_file:
            return self.optimizer is not None
        return self.optimizer is not None and bool(self.trained) and self._session.origin == "expression"

    # What is asked

    def prepare(self) -> None:
        """Have the session's next request make the next update too; not the very first: torch takes its time to load."""
        session = self._session
        if self.of_file:  # at once: it begins with the file as it is before anything of it has run
            session.training = self._request(0 if session.experiments else self._count) if self.active else None
            return
        wanted = self.active and not session.experiments and self._answers.shown is not None
        session.training = self._request(self._count) if wanted else None
        if self.active and not self._begun:
            self._begun = True
            if session.active not in self.trained:
                session.choose(self.trained[0])

    def _request(self, count: int) -> TrainingRequest:
        assert self.optimizer is not None
        trained = (() if self.chosen is None else tuple(sorted(self.chosen))) if self.of_file else self.trained
        history = self.history
        if trained != self._trained:  # other variables: what an optimizer remembered is of the old ones
            if history.here:
                self._parts()
            self._trained = trained
            history.clear()
        if self.of_file:
            legs = self._file.asked(self.optimizer)
            return TrainingRequest(self.optimizer, trained, history.here, count, legs=legs)
        state = history.state(history.here, self.optimizer.name)
        return TrainingRequest(self.optimizer, trained, history.here, count, state, self.batches)

    @property
    def _count(self) -> int:
        if self._first:
            return min(self._first, 500)
        return math.ceil(self.player.speed / FRAMES) if self.player.playing else 1

    @property
    def next(self) -> Training | None:
        """The updates that would be made from where the picture is; None while it is not there, or shows something else."""
        shown, answers = self._answers.shown, self._answers
        if shown is None or answers.waiting or answers.problem is not None or self._session.problem is not None:
            return None
        made = shown.training
        return made if made is not None and made.updates and made.updates[0].update == self.history.here else None

    @property
    def makes(self) -> bool:
        """Whether updates are still to be made that somebody asked for."""
        return bool(self._first or self._waiting)

    @property
    def made(self) -> Training | None:
        """All updates up to here that are known; None where nothing is trained, or none is made."""
        shown, history = self._answers.shown, self.history
        if not history.here or shown is None or shown.training is None:
            return None
        numbers = range(history.first, history.here)
        updates = tuple(filter(None, map(history.update, numbers)))
        return replace(shown.training, updates=updates, before=history.before(history.first), changed=self.changed)

    @property
    def changed(self) -> bool:
        """Whether the updates up to here were made by another optimizer, or under something else, than the next one."""
        shown = self._answers.shown
        made = shown.training if shown is not None else None
        return made is not None and (made.changed or not self.history.is_of(made, self._under))

    @property
    def _under(self) -> Conditions | None:
        return conditions(self._session, self.trained) if self._session.live and not self.of_file else None

    def after(self, act: Callable[[], None]) -> None:
        """What a key does, once the updates are made that were asked for before it."""
        if self._waiting or self._then:
            self._then.append(act)
        else:
            act()

    def _go_on(self) -> None:
        while self._then and not self._waiting:
            self._then.popleft()()

    def _stop(self) -> None:
        """Nothing more of what was asked for."""
        self.player.stop()
        self._waiting = self._first = 0

    # What a person does

    def update(self) -> None:
        """One update, as soon as it is there."""
        if self.optimizer is None:
            self.optimizer = DEFAULT
            moves = moving(self.trained, self.of_file)
            self._app.say(f"{DEFAULT.text} trains {moves}: {self._keys['optimizer']} chooses another")
        if not self.active:
            self._app.say(f"nothing moves: {self._keys['trained']} lets the active variable be trained")
            return
        if self._session.experiments:
            self._app.say("this is an experiment: undo it first, an update follows the true gradient")
            return
        if not self._then:
            self._one()
        elif self._then.count(self._one) < MOST_WAITING:
            self._then.append(self._one)

    def _one(self) -> None:
        self._waiting = min(self._waiting + 1, MOST_WAITING)
        if self.next is not None:
            self._take()
        elif not self._answers.waiting and (self._answers.shown is None or self._answers.shown.training is None):
            self._moved()

    def arrived(self) -> None:
        """Another answer is there."""
        shown, problem = self._answers.shown, self._answers.problem
        if not self._session.live:
            self._look_back(shown)
            return
        if self.of_file and shown is not None and shown.training is not None:
            self._file.told(shown.training)
        elif self.of_file and self.active and not self._file.trained and problem is not None:
            self._give_up(problem)
            return
        if self._first and self.next is not None:
            self._take(self._first)
        elif self._waiting and self.next is not None:
            self._take()
        elif self.active and not self._session.experiments and shown is not None and not self._answers.waiting:
            if problem is None and shown.training is None:
                self._moved()
        elif problem is not None:
            self._waiting = 0
            self.player.stop()
        self._go_on()

    def _look_back(self, shown: Snapshot | None) -> None:
        """At the updates of a saved picture, which stands after the last of them."""
        if shown is not None and shown.training is not None and not len(self.history):
            self.optimizer, self.chosen, self._begun = shown.training.optimizer, {*shown.training.trained}, True
            self.history.take(shown.training)
            self._changed()

    def _give_up(self, problem: Problem) -> None:
        """Nothing of the file moves: it is seen without training."""
        self.optimizer, self.chosen = None, None
        self._stop()
        self._then.clear()
        self._app.notify(f"{problem.message}: {problem.hint}", markup=False, timeout=8)
        self._moved()
        self._changed()

    def _take(self, most: int = 1) -> None:
        made = self.next
        assert made is not None
        count = len(made.updates) if self.player.playing or self._first else most
        taken = until_finite(made.updates[:count])
        self._waiting = max(0, self._waiting - 1)
        self._first = max(0, self._first - len(taken))
        if taken:
            self.history.take(made, len(taken), self._under)
            self._file.taken()
            self._stand({name: moved.after for name, moved in taken[-1].variables.items()})
        if len(taken) < min(count, len(made.updates)):
            bad = made.updates[len(taken)].update
            self._stop()
            ways = f"{self._keys['update.back']} goes back, {self._keys['rate.down']} makes lr smaller"
            self._app.say(f"update {bad} leads to what is not finite: {ways}")
        if taken:
            if not self.player.playing and most == 1:
                self._look()
            self._moved()
            if not self._answers.waiting:  # else the answer says it, in one picture with its numbers
                self._changed()

    def back(self) -> None:
        """One update back, to the very numbers."""
        self._stop()
        if self.history.back() is None:
            self._app.say("no update is made before this one")
            return
        self._return()

    def to_start(self) -> None:
        self._stop()
        if self.history.here > self.history.first:
            self.history.here = self.history.first
            self._return()

    def go_to(self, number: int) -> None:
        """To before update `number`, of those that were made; after the last for one that was not."""
        self._stop()
        history = self.history
        if not len(history):
            self._app.say(f"no update is made yet: {self._keys['update']} makes one")
            return
        history.here = max(history.first, min(number, len(history)))
        if number != history.here:
            self._app.say(f"there are updates {history.first:,} to {len(history):,}; {self._keys['update']} makes more")
        self._return()

    def _return(self) -> None:
        """To where the updates up to here had led, with what was held there."""
        history = self.history
        update, last, held = history.update(history.here), history.last, history.under(history.here)
        if update is not None:
            if isinstance(held, Conditions):
                self._session.stand(dict(held.held))
            self._stand({name: moved.value for name, moved in update.variables.items()})
        elif last is not None:
            self._stand({name: moved.after for name, moved in last.variables.items()})
        self._moved()
        self._changed()

    def anew(self) -> None:
        """The file is another one: it is trained from its beginning."""
        if self.of_file:
            self.player.stop()
            first = self.history.update(self.history.first)
            if first is not None:
                self._stand({name: moved.value for name, moved in first.variables.items()})
            self._file.begin()
            self._waiting = 0
            self.history.clear()

    def again(self) -> None:
        """Anew from the first place, for another run."""
        self.to_start()
        self.history.clear()

    def play(self) -> None:
        """On from here until it is stopped."""
        if self.player.playing:
            self.player.stop()
            return
        if self.optimizer is None:
            self.optimizer = DEFAULT
        if not self.active:
            self.update()
            return
        self._look()
        self.player.play(self._advance)

    def _advance(self) -> bool:
        """A picture on; one that is not there yet is waited for."""
        if self.next is not None:
            self._take()
        elif not self._answers.waiting and not self._waiting:
            self._waiting = 1
            self._moved()
        return True

    # What is chosen

    def choose(self, optimizer: Optimizer) -> None:
        """Another optimizer from here; it begins with a state of its own, one of the same kind with what is known."""
        self.optimizer = optimizer
        self._moved()
        self._changed()

    def rescale(self, by: int) -> None:
        """The learning rate to the next of 0.1, 0.2, 0.5, 1 …, with all else as it is."""
        optimizer = self.optimizer or DEFAULT
        rate = settings(optimizer)["lr"]
        if isinstance(rate, int | float):
            self.choose(Optimizer(optimizer.name, {**optimizer.settings, "lr": next_rate(float(rate), by)}))

    def toggle(self, name: str) -> None:
        """A variable that moves stays where it is, and back; a vector may also be data."""
        session = self._session
        self.optimizer, self._begun = self.optimizer or DEFAULT, True
        if self.of_file:
            every = {*self.trained} if self.chosen is None else self.chosen
            self.chosen = (every ^ {name}) or None
            self._moved()
            return
        chosen = self.chosen = {*self.trained} if self.chosen is None else self.chosen
        if name in chosen:
            chosen.discard(name)
        elif session.points[name].vector:
            session.mark_as_data(name)
            self._app.say(f"{name} is data now: {self._keys['undo']} makes it a variable again")
        else:
            chosen.add(name)
        self._moved()
        self._changed()

    # What is told

    @property
    def still(self) -> bool:
        """Whether the next update moves nothing, as all gradients are 0 or there are none."""
        following = self.next.updates[0] if self.next is not None else None
        return following is not None and is_still(following)

    def _stand(self, places: Mapping[str, Place]) -> None:
        dtype = self._session.dtype
        self._session.stand({name: standing(place, dtype) for name, place in places.items() if name in self.stepped})

"""The panes beside the charts: findings, the numbers of an update, what the script printed."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui.runs.run import Run
from gradtui.runs.side_by_side import Pace
from gradtui.runs.since import none_found
from gradtui.tui.panes.line_view import Line, LineView, within
from gradtui.tui.run import lines
from gradtui.tui.run.heat_map import Sized
from gradtui.tui.run.look import Look

MOST_FINDINGS = 3
"""Lines; more are scrolled to."""
MOST_PRINTED = 500
MOST_RANKS = 8
LOW = 10
"""Lines of a pane that has none to leave empty."""


def may_judge(run: Run) -> bool:
    """Whether there was anything in which a fault could be found."""
    return run.ended or bool(run.updates) or bool(run.watch_ended)


class FindingsPane(LineView, can_focus=False):
    """A line a finding; where there is none, it says so."""

    DEFAULT_CSS = """
    FindingsPane {
        .findings--fault { color: $text-error; text-style: bold; }
        .findings--perhaps { color: $text-warning; }
        .findings--since { color: $text-accent; text-style: bold; }
        .findings--none { color: $text-success; }
    }
    """
    COMPONENT_CLASSES = {f"findings--{name}" for name in ("fault", "perhaps", "since", "none")}

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look = look

    @property
    def line_count(self) -> int:
        return max(1, len(self._look.run.findings))

    def show(self) -> None:
        height = min(MOST_FINDINGS, self.line_count)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        self.lines_changed()
        here = self._look.finding
        if here is not None and not 0 <= here - self.scroll_offset.y < height:
            self.scroll_to(y=here, animate=False)

    def line(self, y: int) -> Line:
        run = self._look.run
        if not run.findings:
            said = none_found(run) if may_judge(run) else ""
            return Line(within(((said, "findings--none"),), self.line_width))
        return Line(within(lines.finding_line(run.findings[y], y == self._look.finding), self.line_width))


class Told(LineView):
    """Lines that are made anew when something else is looked at."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def line(self, y: int) -> Line:
        return self._lines[y]._replace(pieces=within(self._lines[y].pieces, self.line_width))

    def tell(self, told: Sequence[Line]) -> None:
        self._lines = told
        self.lines_changed()


class Numbers(Told):
    DEFAULT_CSS = """
    Numbers {
        .numbers--label { color: $foreground-muted; }
        .numbers--value { color: $foreground; text-style: bold; }
        .numbers--head { color: $text-primary; }
        .numbers--fault { color: $text-error; text-style: bold; }
        .numbers--perhaps { color: $text-warning; }
        .numbers--remedy { color: $text-success; }
        .numbers--none { color: $text-warning; }
    }
    """
    COMPONENT_CLASSES = {
        f"numbers--{name}" for name in ("label", "value", "head", "fault", "perhaps", "remedy", "none")
    }

    def on_resize(self) -> None:
        self.post_message(Sized())

    def show(self, look: Look, ranks: Sequence[Run] = ()) -> None:
        """ranks: beside which this run stands."""
        self.border_title = "update" if look.update is None else f"update {look.update.update:,}"
        told = (*lines.update_lines(look, self.line_width), *lines.parameter_by_rank(look, ranks))
        is_low = self.size.height < LOW
        self.tell([Line(pieces) for pieces in told if pieces or not is_low])


class RanksPane(Told):
    """A line a rank."""

    DEFAULT_CSS = """
    RanksPane {
        .ranks--name { color: $foreground-muted; }
        .ranks--here { color: $text-accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES = {"ranks--name", "ranks--here"}

    def show(self, paces: Sequence[Pace], here: int) -> None:
        height = min(MOST_RANKS, max(1, len(paces)))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        latest = max((pace.last for pace in paces if pace.last is not None), default=None)
        self.tell([Line(lines.rank_line(pace, latest, place == here)) for place, pace in enumerate(paces)])
        if not 0 <= here - self.scroll_offset.y < height:
            self.scroll_to(y=here, animate=False)


class Output(Told):
    """The end of what the script printed, which stays in sight unless a person has scrolled away from it."""

    _follows = True

    def show(self, run: Run) -> None:
        self.border_title = "printed"
        self.tell([Line(((line, ""),)) for line in lines.printed_lines(run.printed, MOST_PRINTED)])
        self.on_resize()

    def on_resize(self) -> None:
        """In a lower pane the end is further down, though nobody has scrolled."""
        if self._follows:
            self.scroll_end(animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

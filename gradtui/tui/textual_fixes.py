"""Textual's App with what broke under random keys mended (textual 8.2); tests/faults shows each of them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.text import Text
from textual._styles_cache import StylesCache
from textual.app import App
from textual.color import Color
from textual.command import (
    CommandListItem,
    CommandPalette,
    Provider,
    SimpleProvider,
)
from textual.css.model import RuleSet
from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import DeliveryComplete, DeliveryFailed, Event, Key, Paste, Resize
from textual.filter import LineFilter, Monochrome
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.timer import Timer
from textual.widget import AwaitMount, Widget
from textual.widgets import Input
from textual.widgets._toast import Toast
from textual.worker import WorkerFailed

from gradtui.snapshot.visible import visible
from gradtui.tui.colours import ANSI_DARK, COLOURLESS, readable, theme_for
from gradtui.tui.compositor import CellsCompositor, Mended
from gradtui.tui.panes.screen_sizes import NO_ROOM
from gradtui.tui.typing.key_order import KeyOrder

if TYPE_CHECKING:
    from gradtui.tui.own_errors import OwnErrors

# Meant as a method of the class: as one of each instance, it keeps the last 1,024 of them, with lines of widgets long gone.
setattr(StylesCache, "get_inner_outer", classmethod(vars(StylesCache)["get_inner_outer"]))  # noqa: B010
# The same as Textual's, which is asked 200 times to style a widget, and is Python.
RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]

AT_LEAST = 0.01
"""Seconds for which a note is there. One whose time is over before it is shown has less than none left, and from a time that
lies before its start Textual's timer counts for ever, without a turn of the loop."""


def _set_timer_of_note(self: Toast, delay: float, *arguments: Any, **settings: Any) -> Timer:
    return super(Toast, self).set_timer(max(delay, AT_LEAST), *arguments, **settings)


setattr(Toast, "set_timer", _set_timer_of_note)  # noqa: B010

SCREENSHOT = "screenshot"
"""As Textual calls the file that it delivers."""


class Visible(LineFilter):
    """The last step before text becomes cells, for every line of every widget: nothing in it is obeyed by a terminal.

    Where a line gets longer by what has no width of its own, its end is cut: nothing beside it moves.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for text, _, _ in segments:
            if not text.isprintable():
                break
        else:
            return segments
        cells = sum(cell_len(text) for text, _, _ in segments)
        shown = [Segment(visible(text), style, control) for text, style, control in segments]
        return Segment.adjust_line_length(shown, cells)


class OneAfterTheOther(LineFilter):
    """Several as one: each by itself would make a line anew, which takes longer than most of them."""

    def __init__(self, filters: Sequence[LineFilter]) -> None:
        super().__init__()
        self._filters = filters

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for one in self._filters:
            segments = one.apply(segments, background)
        return segments


VISIBLE = Visible()
one_after_the_other = lru_cache(16)(OneAfterTheOther)


def _actions() -> type[Provider]:
    from gradtui.tui.typing.palette import Actions  # not wanted before the first paint

    return Actions


class MendedApp(App[None]):
    """Leaves every terminal whole, and its palettes bear quick hands and small screens."""

    COMMANDS = {_actions}
    key_names: Mapping[str, str] = MappingProxyType({})
    """How a sentence names the key of an action, which a person may have changed, by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.key_order = KeyOrder(self, super().on_event)
        self._second_folder: str | None = None
        self.no_color = bool(os.environ.get("NO_COLOR"))  # an empty one says nothing, no-color.org has it
        self.register_theme(ANSI_DARK)

    @property
    def how_to_leave(self) -> str:
        return "{key} leaves"

    def action_help_quit(self) -> None:
        """What ctrl+c does not: Textual asks whether one wants to quit, and names a key that nobody has seen."""
        quitting = [key for key, one in self.active_bindings.items() if one.binding.action in ("quit", "app.quit")]
        if quitting:
            self.notify(self.how_to_leave.format(key=min(quitting, key=len)), markup=False, timeout=4)

    async def on_event(self, event: Event) -> None:
        """Keys in their order; at the end to nothing."""
        if not isinstance(event, Key | Paste):
            await super().on_event(event)
        elif self.screen_stack:
            await self.key_order.arrive(event)

    def run(self, **settings: Any) -> Any:
        """What raises while it ends is told as what ends it is."""
        try:
            return super().run(**settings)
        except Exception as error:
            self._return_code = 1
            print(self.own_errors.ends_by(error, ""), file=sys.stderr)
            return None

    @cached_property
    def own_errors(self) -> OwnErrors:
        from gradtui.tui.own_errors import OwnErrors  # not wanted before the first paint

        return OwnErrors(self)

    def _handle_exception(self, error: Exception) -> None:
        """Whatever no message brought about. Textual ends the program with a traceback."""
        if isinstance(error, WorkerFailed) and self.own_errors.goes_on_after(error):
            return
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if not self._exit_renderables:  # what comes behind the first is mostly of it
            self.panic(Text(self.own_errors.ends_by(error, self.keep_typed())))

    def keep_typed(self) -> str:
        """Keep for the next time what is typed and not taken yet; a sentence about it, with a blank behind it."""
        return ""

    async def _on_message(self, message: Message) -> None:
        """What is still told when the screens are being closed is told to nobody: there is nothing to show it on."""
        if self.is_running or isinstance(message, Event):
            await super()._on_message(message)

    async def _on_resize(self, event: Resize) -> None:
        """A terminal that comes back to a size within a moment was another one meanwhile, and cut what stood there."""
        came_back = event.size == self._size
        await super()._on_resize(event)
        if came_back and self.screen_stack:
            self.screen.refresh()

    def update_styles(self, node: DOMNode, animate: bool = True) -> None:
        """A widget that stands nowhere yet is styled when it does, and not with each class that it begins with, too."""
        if node is self or node.parent is not None:
            super().update_styles(node, animate)

    def say(self, sentence: str) -> None:
        """For a moment; not twice at a time, whoever holds a key. Nothing where it is empty."""
        if sentence and not any(note.message == sentence for note in self._notifications):
            self.notify(sentence, markup=False, timeout=3)

    def warn(self, title: str, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.notify(visible(sentence), title=title, severity="warning", markup=False, timeout=10)

    @property
    def mouse(self) -> bool | None:
        """Whether clicks and the wheel come here, and not to the terminal; None where that cannot be changed."""
        return getattr(self._driver, "mouse", None)

    def action_toggle_mouse(self) -> None:
        driver: Any = self._driver
        if self.mouse is not None:
            driver.use_mouse(not driver.mouse)

    def get_css_variables(self) -> dict[str, str]:
        """Those of the theme, readable."""
        return readable(super().get_css_variables(), self.current_theme.dark)

    def _validate_theme(self, theme_name: str) -> str:
        """One that another program has made, and TEXTUAL_THEME names for all of them, is not there."""
        return theme_name if theme_name in self.available_themes else "textual-dark"

    def suit_terminal(self) -> None:
        """The colours to begin with, where nobody chose others."""
        theme = theme_for(self.console.color_system, no_color=self.no_color)
        if theme is not None and "TEXTUAL_THEME" not in os.environ:
            self.theme = theme.name

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """As Textual's, on a console without colours. Rich caches the codes of a style at their first use: with Textual's console
        of 16 million colours, a terminal of 16 or 256 would be sent codes that it lacks from then on."""
        width, height = self.size
        console = Console(
            width=width,
            height=height,
            file=io.StringIO(),
            force_terminal=True,
            color_system=None,
            record=True,
            legacy_windows=False,
            safe_box=False,
        )
        background = self.app._background_screens
        console.print(self.screen._compositor.render_update(full=True, screen_stack=background, simplify=simplify))
        return console.export_svg(title=title or self.title)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """To the folder of downloads, or where that takes none to the current one, and say where. Textual gives up."""
        self._second_folder = os.curdir if path is None else None
        self.deliver_screenshot(filename, path)

    def on_delivery_complete(self, event: DeliveryComplete) -> None:
        if event.name == SCREENSHOT:
            event.prevent_default()
            where = "" if event.path is None else f" as {visible(os.path.abspath(event.path))}"
            self.notify(f"saved{where}", title="Screenshot", markup=False)

    def on_delivery_failed(self, event: DeliveryFailed) -> None:
        if event.name == SCREENSHOT:
            event.prevent_default()
            folder, self._second_folder = self._second_folder, None
            if folder is not None:
                self.deliver_screenshot(path=folder)
                return
            why = event.exception.strerror if isinstance(event.exception, OSError) else str(event.exception)
            here = f"{why}. Start gradtui in a folder that can be written to"
            self.notify(f"not saved: {here}", title="Screenshot", severity="error", markup=False)

    def action_suspend_process(self) -> None:
        """To the shell; `fg` brings the screen back. Textual stops without one, too, and then nobody does."""
        driver: Any = self._driver
        if getattr(driver, "can_suspend", False) and hasattr(driver, "suspend_job"):
            driver.suspend_job()
        else:
            self.notify("there is no shell to go back to", timeout=3)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """For NO_COLOR, Textual makes the terminal's own colours grey, and so black on black. They are left out instead."""
        filters = super().get_line_filters()
        if not self.no_color or self.native_ansi_color:
            filters = [one for one in filters if not isinstance(one, Monochrome)]
        if self.no_color and self.native_ansi_color:
            filters = [*filters, COLOURLESS[self.current_theme.dark]]
        return [one_after_the_other((VISIBLE, *filters))]

    def get_driver_class(self) -> type[Driver]:
        standard = super().get_driver_class()
        if os.name != "posix":
            return standard
        from gradtui.tui.terminal import TerminalDriver  # of a terminal as POSIX has them

        return TerminalDriver if issubclass(TerminalDriver, standard) else standard

    def get_default_screen(self) -> Screen[None]:
        """With the classes of its size, which come with the first resize: after everything has been styled once without."""
        screen = MendedScreen(id="_default")
        wide = screen._get_breakpoint_classes(self.size.width, self.HORIZONTAL_BREAKPOINTS or [])
        high = screen._get_breakpoint_classes(self.size.height, self.VERTICAL_BREAKPOINTS or [])
        screen.add_class(*wide, *high, update=False)
        return screen

    def paint_at_once(self) -> None:
        if self.screen_stack and isinstance(self.screen, MendedScreen):
            self.screen.paint_at_once()

    def set_timer(self, *args: Any, **settings: Any) -> Timer:
        """One that comes, if late, where the process did not run when it was due. Textual leaves it out, and so later resizes."""
        timer = super().set_timer(*args, **settings)
        timer._skip = False
        return timer

    def action_command_palette(self) -> None:
        from gradtui.tui.typing.palette import Palette  # not wanted before the first paint

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette())  # without an id, as the last one may not have gone yet

    def search_commands(
        self, commands: Sequence[CommandListItem], placeholder: str = "Search for commands…"
    ) -> AwaitMount:
        from gradtui.tui.typing.palette import Palette  # not wanted before the first paint

        provider = cast(type[Provider], SimpleProvider(self.screen, [*commands]))  # as Textual does
        return self.push_screen(Palette([provider], placeholder=placeholder))

    def search_themes(self) -> None:
        from gradtui.tui.typing.palette import Palette  # not wanted before the first paint

        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))


class MendedScreen(Mended, Screen[None]):
    """Paints in few turns of the loop, and in few cells."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._compositor: CellsCompositor = CellsCompositor()
        self.whole_follows = False

    def _on_timer_update(self) -> None:
        """A whole frame is painted once. Textual paints one of what lies elsewhere now, and then the whole one as well."""
        self.whole_follows = self._layout_required and self._repaint_required
        super()._on_timer_update()
        self.whole_follows = False

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        super()._refresh_layout(size, scroll)
        self.whole_follows = False

    def _compositor_refresh(self) -> None:
        """While one types, in parts: a key never waits for a whole frame. With each part Textual forgets all that waits to be
        painted, also what has changed since the part before: it is in this one."""
        if self.whole_follows:
            return
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor.in_parts = isinstance(self.focused, Input)
        super()._compositor_refresh()
        if self._compositor.unpainted and self.is_current:
            self.call_later(self._compositor_refresh)

    def _reset_focus(self, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Not for what is hidden as nothing can be shown: what is typed then would be commands, and a line be left open."""
        if avoiding is not None or not any(map(self.has_class, NO_ROOM)):
            super()._reset_focus(widget, avoiding)

    def paint_at_once(self) -> None:
        """All that has changed, in this turn of the loop: Textual does it some turns later, each of which is waited for."""
        widgets = self._compositor.visible_widgets
        if not self.is_current or self.app._batch_count or any(widget._layout_required for widget in widgets):
            return  # what is to be laid out comes before the frame
        changed = [widget for widget in widgets if widget._repaint_required]
        for widget in changed:
            widget._repaint_required = False
        self._dirty_widgets.update(changed)
        self._on_timer_update()


def run_beside(node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], **settings: Any) -> None:
    """Not a coroutine: Python tells on the terminal of one that never began. Described, else Textual writes all it is given."""
    node.run_worker(cast(Any, work), description=type(node).__name__, **settings)


def by(part: Callable[[Any], Callable[..., Any]], *seen_in: str) -> Callable[..., Any]:
    """An action of the app that one of its parts does alone, with the argument of the key, where it has one.

    seen_in: the panes that show what comes of it; where there is room for one pane, that is one of these then.
    """

    def act(app: Any, *argument: Any) -> Any:
        if seen_in:
            app.picture.panes.bring(*seen_in)
        return part(app)(*argument)

    return act

"""Textual's App with what broke under random keys mended (textual 8.2); tests/faults shows each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandListItem, CommandPalette, Provider, SimpleProvider
from textual.driver import Driver
from textual.theme import ThemeProvider
from textual.widget import AwaitMount

from gradtui.tui.terminal import TerminalDriver


class MendedApp(App[None]):
    """Leaves every terminal whole, and its palettes bear quick hands and small screens."""

    def get_driver_class(self) -> type[Driver]:
        standard = super().get_driver_class()
        return TerminalDriver if issubclass(TerminalDriver, standard) else standard

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def search_commands(
        self, commands: Sequence[CommandListItem], placeholder: str = "Search for commands…"
    ) -> AwaitMount:
        provider = cast(type[Provider], SimpleProvider(self.screen, [*commands]))  # as Textual does
        return self.push_screen(Palette([provider], placeholder=placeholder))

    def search_themes(self) -> None:
        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))


class Palette(CommandPalette):
    """Closed while it still searches, it has no list to fill; twice, it is closed once; without room nothing is chosen."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        return super().dismiss(result) if self in self.app.screen_stack else AwaitComplete()

    def _watch__list_visible(self) -> None:
        if self.query(CommandList) and self.query("#--input"):
            super()._watch__list_visible()

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)

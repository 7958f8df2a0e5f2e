"""The palette finds each action by the name that it shows, whatever sentences have the same letters."""

from __future__ import annotations

from pathlib import Path

from textual.command import Hit

from gradtui.file.run_writing import save
from gradtui.tui.dialogs.command_palette import UNLISTED
from gradtui.tui.dialogs.help import HelpScreen
from gradtui.tui.keys import works
from gradtui.tui.panes.key_footer import KeyFooter
from gradtui.tui.run.app import RunApp
from gradtui.tui.run.following import Source
from gradtui.tui.run.help import HelpScreen as HelpOfRun
from gradtui.tui.textual_fixes import MendedApp
from gradtui.tui.typing.palette import Actions, Palette
from tests.runs import made
from tests.tui.fakes import make_app
from tests.tui.test_app import press

SIZE = (120, 36)


async def first(app: MendedApp, typed: str) -> str:
    """The name of what enter takes."""
    hits = [hit async for hit in Actions(app.screen).search(typed) if isinstance(hit, Hit)]
    assert hits, typed
    return max(hits, key=lambda hit: hit.score).help or ""


async def test_each_action_by_its_name() -> None:
    app = make_app("x*y + sin(y)")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        named = [
            key.description
            for key in app.keys
            if key.id not in UNLISTED
            and works(key.action.partition("(")[0], app.session, app.answers.shown, typing=False)
        ]
        assert {"help", "zoom in", "fit", "filter", "max"} <= {*named}
        for name in named:
            assert (await first(app, name)).startswith(f"{name} ("), name


async def test_each_action_of_a_run(tmp_path: Path) -> None:
    save(made.run(), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        for key in app.keys:
            if hasattr(app, f"action_{key.action.partition('(')[0]}") and key.id != "restore":
                assert (await first(app, key.description)).startswith(f"{key.description} ("), key.description


async def test_what_is_found_first_is_what_enter_takes() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "ctrl+p")
        assert isinstance(app.screen, Palette)
        await press(pilot, *"help", "enter")
        while not isinstance(app.screen, HelpScreen):
            await pilot.pause(0.01)


async def test_also_by_what_it_does_and_by_letters_that_are_spread() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        for typed, name in (
            ("Screenshot", "Save the screen"),
            ("scree", "Save the screen"),
            ("colours", "Change the colours"),
            ("half the chart", "zoom in"),
            ("hlf chrt", "zoom in"),
            ("thme", "Change the colours"),
            ("zm in", "zoom in"),
            ("scrnshot", "Save the screen"),
        ):
            assert (await first(app, typed)).startswith(name), typed


async def test_no_action_of_several_ranks_where_there_is_one_run(tmp_path: Path) -> None:
    save(made.run(), tmp_path / "run.gradtui")
    app = RunApp(Source(str(tmp_path / "run.gradtui")))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpOfRun)
        assert "rank.next" not in [key.id for key in app.screen.keys]
        assert not [command for command in app.get_system_commands(app.screen) if "ranks side" in command.title]


async def test_the_line_of_keys_names_those_of_the_palette() -> None:
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "right")
        footer = app.screen.query_one(KeyFooter)

        def named() -> set[str]:
            return {key.says for entry in footer.entries for key in entry.keys}

        before = named()
        await press(pilot, "ctrl+p")
        while "close" not in named():
            await pilot.pause(0.01)
        assert "quit" in before
        assert "quit" not in named()
        assert footer.palette is None
        await press(pilot, "escape")
        while named() != before:
            await pilot.pause(0.01)

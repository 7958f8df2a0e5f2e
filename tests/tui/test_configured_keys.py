"""Keys as a person has them: on the screen, in the footer, in the help."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.settings.config_file import VARIABLE
from gradtui.settings.keymaps import KEYMAPS
from gradtui.settings.read_settings import read
from gradtui.settings.remembered import Memory
from gradtui.snapshot.start import Start
from gradtui.tui.app import GradtuiApp
from gradtui.tui.configured_keys import bound, key_names, textual_name
from gradtui.tui.dialogs.help import words_and_signs
from gradtui.tui.evaluator import MakeEvaluator
from gradtui.tui.keys import KEYS
from gradtui.tui.session import Session
from tests.tui.fakes import FakeService
from tests.tui.test_app import press, text_of


def app_with(tmp_path: Path, text: str, service: MakeEvaluator = FakeService) -> GradtuiApp:
    (tmp_path / "config.toml").write_text(text)
    settings = read({VARIABLE: str(tmp_path / "config.toml")})
    return GradtuiApp(Session(Start("x^2 + 3x + 1")), service, None, Memory(tmp_path / "state.json", settings))


@pytest.mark.parametrize("name", [name for name in KEYMAPS if name != "usual"])
def test_a_ready_keymap_leaves_no_action_without_a_key(name: str) -> None:
    keys, wrong = bound(KEYMAPS[name])
    assert wrong == []
    assert [key.id for key in keys if not key.key] == []
    single = [one for key in keys for one in key.key.split(",")]
    assert len(single) == len(set(single))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        *(("?", "question_mark"), ("$", "dollar_sign"), (",", "comma"), ("h", "h"), ("H", "H"), ("ö", "ö")),
        *(("left", "left"), ("ctrl+d", "ctrl+d"), ("shift+f3", "shift+f3"), ("alt+x", "alt+x"), ("space", "space")),
        *(("lefft", None), ("ctrl+", None), ("", None), ("ctrl+nothing", None), ("\x1b", None), ("a,b", None)),
    ],
)
def test_keys_as_they_are_written(written: str, key: str | None) -> None:
    assert textual_name(written) == key


def test_what_is_wrong_is_told_and_the_rest_holds() -> None:
    keys, wrong = bound({"step.upp": ("l",), "step.up": ("lefft", "l"), "edit": ("l", "i")})
    assert len(wrong) == 3
    assert "step.up?" in wrong[0]
    by_id = {key.id: key.key for key in keys}
    assert (by_id["step.up"], by_id["edit"]) == ("l", "i")
    assert by_id["ledger"] == "", "its only key went"
    assert bound({}) == (KEYS, [])


async def test_other_keys(tmp_path: Path) -> None:
    app = app_with(tmp_path, 'keymap = "vim"\n[keys]\n"back.next" = [".", "n"]\nno.such = "f"\n')
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "l")
        assert app.session.place == 4.1
        await press(pilot, "h", "left")
        assert app.session.place == 3.9
        assert any("no.such" in notice.message for notice in app._notifications)
        await press(pilot, "full_stop", "n")
        assert app.backward.cursor.steps_done == 2
        await press(pilot, "J")
        assert app.session.ledger
        await press(pilot, "question_mark")
        assert "h l L" in text_of(app)


async def test_a_key_that_went_to_another_action(tmp_path: Path) -> None:
    app = app_with(tmp_path, '[keys]\nundo = "n"\n')
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "right", "n")
        assert app.session.place == 4.0
        assert app.backward.cursor.steps_done is None


def test_the_glossary_names_the_keys_that_actions_have() -> None:
    usual, vim = (dict(words_and_signs(bound(chosen)[0])) for chosen in ({}, KEYMAPS["vim"]))
    changed = {term for term, means in usual.items() if vim[term] != means}
    assert changed == {"Σ ḡ·v̇"}
    assert vim["Σ ḡ·v̇"].endswith("J")


def test_an_action_without_a_key_stands_in_the_palette() -> None:
    keys, _ = bound({"undo": ()})
    assert key_names(keys)["undo"] == "ctrl+p undo"

"""Which setting holds, where it came from, and that nothing stops for a wrong one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomlkit
from jsonschema import Draft202012Validator

from gradtui.schemas import config
from gradtui.settings import config_file
from gradtui.settings.read_settings import MOST_TOLD, Settings, read
from gradtui.snapshot.start import Start
from gradtui.tui import app
from gradtui.tui.configured_keys import bound
from tests.command.test_usage import run

FULL = """# mine
theme = "light"  # for the beamer
vocabulary = "plain"
dtype = "float64"
step = 0.250
window = [-2, "2pi"]
mouse = false
keymap = "vim"

[keys]
"step.up" = "l"
step.down = ["h", "left"]
"""


def written(tmp_path: Path, text: str) -> dict[str, str]:
    """An environment with such a file."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return {config_file.VARIABLE: str(path)}


def test_file_environment_options(tmp_path: Path) -> None:
    environ = written(tmp_path, 'theme = "nord"\ndtype = "float64"\nstep = 0.5\n')
    settings = read(environ | {"GRADTUI_STEP": "0.25", "GRADTUI_THEME": "dracula"}).given(theme="light", dtype=None)
    assert [settings.get(name) for name in ("theme", "dtype", "step", "mouse")] == ["light", "float64", "0.25", True]
    path = environ[config_file.VARIABLE]
    assert settings.sources == {"theme": "--theme", "dtype": f"{path}, line 2", "step": "GRADTUI_STEP"}
    assert settings.wrong == ()


def test_all_of_them(tmp_path: Path) -> None:
    settings = read(written(tmp_path, FULL))
    assert settings.wrong == ()
    assert (settings.theme, settings.plain, settings.mouse) == ("light", True, False)
    assert settings.get("step") == "0.250"
    assert settings.get("window") == pytest.approx((-2.0, 6.283185307179586))
    assert (settings.keys["step.up"], settings.keys["step.down"]) == (("l",), ("h", "left"))
    assert settings.keys["edit"] == ("i", "/"), "of the keymap"
    assert settings.sources["keys"].endswith("line 10")
    Draft202012Validator(config()).validate(tomlkit.parse(FULL).unwrap())


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('\ntheme = 3\ndtype = "float64"', 2, "theme"),
        ('dtype = "float64"\nstep = 0', 2, "step"),
        ('dtype = "float64"\n\nstep = "x"', 3, "step"),
        ('dtype = "float64"\nstep = [0.1]', 2, "step"),
        ('dtype = "float64"\nwindow = "10:-10"', 2, "window"),
        ('dtype = "float64"\nwindow = [1, 2, 3]', 2, "window"),
        ('dtype = "float64"\nmouse = "perhaps"', 2, "mouse"),
        ('dtype = "float64"\nvocabulary = "latin"', 2, "vocabulary"),
        ('dtype = "float64"\nkeymap = "emacs"', 2, "keymap"),
        ('dtype = "float64"\nthme = "nord"', 2, "theme"),
        ('dtype = "float64"\nkeys = "h"', 2, "keys"),
        ('dtype = "float64"\n[keys]\nsearch = "f"\n"step.up" = 3', 4, "step.up"),
        ('dtype = "float64"\n[keys]\n# step.up\nstep.up = ["l", 3]', 4, "step.up"),
        ('dtype = "float64"\n\n[[keys]]\nstep = "l"', 3, "keys"),
        ('dtype = "float64"\na.b = 1', 2, "a"),
        ('dtype = "float64"\n"a\\u0062=c" = 1', 2, "ab=c"),
        ('dtype = "float64"\nwindow = [-inf, inf]', 2, "window"),
        ('dtype = "float64"\ntheme = 2020-01-01', 2, "theme"),
    ],
)
def test_a_wrong_entry_is_one_sentence_with_its_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    settings = read(written(tmp_path, text))
    (told,) = settings.wrong
    assert f"line {line}:" in told
    assert word in told
    assert settings.get("dtype") == "float64", "all else holds"
    assert not Draft202012Validator(config()).is_valid(tomlkit.parse(text).unwrap()) or word in ("step", "window")


@pytest.mark.parametrize(
    "content",
    [b"theme = ", b"\xff\xfe", b"[keys\n", b'a = "\x00"', b"[" * 2000, b"a = " + b"[" * 9000, b"step = " + b"9" * 5000],
)
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    settings = read({config_file.VARIABLE: str(path)})
    assert len(settings.wrong) == 1
    assert settings.values == {}
    with pytest.raises(config_file.UnreadableError):
        config_file.write(path, {"theme": "nord"})
    assert path.read_bytes() == content, "it stays a person's"


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/zero", "x" * 5000):
        settings = read({config_file.VARIABLE: path})
        assert len(settings.wrong) == 1
        with pytest.raises((config_file.UnreadableError, OSError)):
            config_file.write(Path(path), {"theme": "nord"})
    assert pipe.is_fifo()
    assert read({config_file.VARIABLE: os.devnull}) == Settings(), "a way to say: none"


def test_a_file_of_another_program_is_told_of_in_short(tmp_path: Path) -> None:
    settings = read(written(tmp_path, "".join(f"k{number} = {number}\n" for number in range(3000))))
    assert len(settings.wrong) == MOST_TOLD + 1
    assert "2,992" in settings.wrong[-1]
    for text in (f'dtype = ["{"x" * 9000}"]', f"step = 0x{'F' * 9000}"):
        (told,) = read(written(tmp_path, text)).wrong
        assert len(told) < len(str(tmp_path)) + 150


def test_a_file_as_other_editors_write_it(tmp_path: Path) -> None:
    environ = written(tmp_path, "")
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf# mine\r\ntheme = "nord"\r\n')
    assert read(environ).theme == "nord"
    config_file.write(path, {"theme": "light"})
    assert path.read_bytes() == b'\xef\xbb\xbf# mine\r\ntheme = "light"\r\n'


def test_ones_own_keys_are_stronger_than_a_ready_map(tmp_path: Path) -> None:
    text = 'keymap = "vim"\n[keys]\nwhy = "l"\n"step.upp" = "x"\n\nedit = []\n"undo" = ["Ctrl+Z", "hyper+z"]\n'
    settings = read(written(tmp_path, text))
    keys, wrong = bound(settings.keys, places=settings.sources)
    by_id = {key.id: key.key for key in keys}
    assert (by_id["why"], by_id["step.up"], by_id["edit"], by_id["undo"]) == ("l", "right", "", "ctrl+z")
    assert ["line 4" in wrong[0], "line 7" in wrong[1], len(wrong)] == [True, True, 2]


def test_a_wrong_key_leaves_the_others(tmp_path: Path) -> None:
    settings = read(written(tmp_path, '[keys]\nwhy = 3\nupdate = "ö"\nstep.up = ["l", 1]\nstep.down = "h"\n'))
    assert settings.keys == {"update": ("ö",), "step.down": ("h",)}
    assert settings.sources["keys.step.down"].endswith("line 5")
    first, second = settings.wrong
    assert "line 2:" in first
    assert "line 4:" in second


def test_no_file(tmp_path: Path) -> None:
    assert read({config_file.VARIABLE: str(tmp_path / "no" / "config.toml")}).wrong == ()
    assert read({config_file.VARIABLE: ""}) == Settings()
    assert len(read({config_file.VARIABLE: str(tmp_path)}).wrong) == 1, "a folder"


def test_a_wrong_environment_is_told() -> None:
    settings = read(
        {config_file.VARIABLE: "", "GRADTUI_DTYPE": "float16", "GRADTUI_MOUSE": "off", "GRADTUI_STEPP": "1"}
    )
    assert len(settings.wrong) == 2
    assert "GRADTUI_DTYPE" in settings.wrong[0]
    assert "GRADTUI_STEP?" in settings.wrong[1]
    assert (settings.get("dtype"), settings.mouse) == ("float32", False)


def test_what_is_written_leaves_comments_and_links(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "gradtui.toml"
    real.write_text(FULL)
    real.chmod(0o600)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    config_file.write(link, {"theme": "nord"})
    assert link.is_symlink()
    assert real.read_text() == FULL.replace('"light"', '"nord"')
    assert real.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "dotfiles").iterdir()] == ["gradtui.toml"]
    new = tmp_path / "made" / "config.toml"
    config_file.write(new, {"vocabulary": "plain"})
    assert read({config_file.VARIABLE: str(new)}).plain


def test_settings_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in written(
        tmp_path, 'theme = "light"\n[keys]\nedit = "ö"\nfull = "right"\n"no.such" = "f99"\n'
    ).items():
        monkeypatch.setenv(name, value)
    printed = run("--settings", "--dtype", "float64")
    assert printed.exit_code == 0
    rows = {
        line.split()[0]: line.split(maxsplit=2)[1:] for line in printed.output.splitlines() if len(line.split()) > 2
    }
    assert rows["theme"] == ["textual-light", f"{tmp_path / 'config.toml'}, line 1"]
    assert rows["dtype"] == ["float64", "--dtype"]
    assert rows["keys.edit"][0] == "ö"
    assert rows["keys.step.down"] == ["left", "as usual"]
    assert rows["keys.step.up"][0] == "–"
    assert rows["keys.step.up"][1] != "as usual"
    assert "no.such" in printed.output.partition("wrong")[2]


def test_settings_that_nobody_has_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config_file.VARIABLE, str(tmp_path / "none.toml"))
    _, _, *rows = run("--settings").output.splitlines()
    assert [row for row in rows if not row.endswith("as usual")] == []


def test_the_screen_starts_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Start, Settings | None]] = []
    monkeypatch.setattr(app, "run", lambda *given: opened.append(given))
    monkeypatch.setattr("gradtui.command.cli._require_terminal", lambda: None)
    for name, value in written(tmp_path, 'theme = "no such"\nstep = 0.5\nstepp = 1\n').items():
        monkeypatch.setenv(name, value)
    assert run().exit_code == 0
    ((start, settings),) = opened
    assert settings is not None
    assert (start.step, start.theme, len(settings.wrong)) == ("0.5", None, 2)
    assert run("--theme", "no such").exit_code == 2, "asked for here"
    assert run("--step", "0").exit_code == 2

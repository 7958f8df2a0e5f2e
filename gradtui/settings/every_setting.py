"""Every setting there is: its name, what may stand there, and what it is where nobody has said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from gradtui.settings.keymaps import KEYMAPS
from gradtui.snapshot.defaults import STEP

Value = str | bool | tuple[float, float] | dict[str, tuple[str, ...]] | None


class WrongError(ValueError):
    """Why something is no value for a setting, in a sentence. part: the entry of a table that is wrong."""

    def __init__(self, message: str, part: str = "") -> None:
        super().__init__(message)
        self.part = part


class WrongPartsError(ValueError):
    """Which entries of a table are wrong; sound: the others."""

    def __init__(self, wrong: Sequence[WrongError], sound: Value) -> None:
        super().__init__(*wrong)
        self.wrong, self.sound = wrong, sound


class Entry(NamedTuple):
    """read: what stands in the file or the environment -> the value; raises WrongError or WrongPartsError. usual: where nobody
    has said."""

    name: str
    read: Callable[[Any], Value]
    usual: Value
    help: str

    @property
    def variable(self) -> str:
        """Of the environment."""
        return f"GRADTUI_{self.name.upper()}"


LONGEST = 60
"""Signs of a wrong value that are said again."""
LARGEST_INTEGER = 1100
"""Bits: above those of a float, below those that Python refuses to write in full."""


def written(value: Any) -> str:
    """A value as it stands in a file, in short."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, int) and value.bit_length() > LARGEST_INTEGER:
        text = f"a number of {value.bit_length():,} bits"
    elif isinstance(value, list):
        text = f"[{', '.join(map(written, value))}]"
    elif isinstance(value, dict):
        text = "a table"
    else:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _one_of(*values: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in values:
            raise WrongError(f"{written(value)} is none of {', '.join(values)}")
        return str(value)

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise WrongError(f"{written(value)} is no name")
    return value


def read_step(value: Any) -> str:
    """The text itself, of a number above 0."""
    number = _number(value)
    if number is None or not number > 0:
        raise WrongError(f"{written(value)} is not a number above 0, such as 0.1")
    return str(value)


def read_window(value: Any) -> tuple[float, float]:
    """`-10:10`, or both ends in a list, each as it could stand in an `--at`."""
    ends = value.split(":") if isinstance(value, str) else value
    if isinstance(ends, list) and len(ends) == 2:
        low, high = (_number(end) for end in ends)
        if low is not None and high is not None and low < high:
            return low, high
    raise WrongError(f"{written(value)} is not LOW:HIGH with LOW below HIGH, such as -10:10")


def _number(value: Any) -> float | None:
    """None for what is no finite number."""
    from gradtui.expression.point import PointError, read_point

    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int) and value.bit_length() > LARGEST_INTEGER:
        return None
    with suppress(PointError):
        number = read_point(str(value)).value
        return number if isinstance(number, float) else None
    return None


def _switch(value: Any) -> bool:
    words = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.casefold() not in words:
        raise WrongError(f"{written(value)} is neither true nor false")
    return words[value.casefold()]


def _keys(value: Any) -> dict[str, tuple[str, ...]]:
    """Keys by action: a text, or a list of texts, an empty one for no key."""
    if not isinstance(value, dict):
        raise WrongError("keys is a table: [keys], then a line for each action")
    found: dict[str, tuple[str, ...]] = {}
    wrong: list[WrongError] = []
    for name, keys in _by_action(value):
        listed = [keys] if isinstance(keys, str) else keys
        if isinstance(listed, list) and all(isinstance(key, str) and key for key in listed):
            found[name] = tuple(listed)
        else:
            wrong.append(WrongError("the keys of an action are a text, or a list of texts", name))
    if wrong:
        raise WrongPartsError(wrong, found)
    return found


def _by_action(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """`step.up = "l"` without quotes is a table in a table."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{rest}", one) for rest, one in _by_action(value))
        else:
            yield name, value


ENTRIES = (
    Entry("theme", _text, None, "Textual's name of a theme: textual-light, nord"),
    Entry("vocabulary", _one_of("torch", "plain"), "torch", "MulBackward0, or · 3"),
    Entry("dtype", _one_of("float32", "float64"), "float32", "the number type"),
    Entry("step", read_step, STEP, "how far one key press moves x"),
    Entry("window", read_window, None, "the x-axis of the chart"),
    Entry("mouse", _switch, True, "whether the screen takes clicks and the wheel"),
    Entry("keymap", _one_of(*KEYMAPS), "usual", "a set of keys"),
    Entry("keys", _keys, {}, "keys by action"),
)
IN_ENVIRONMENT = tuple(entry for entry in ENTRIES if entry.name != "keys")

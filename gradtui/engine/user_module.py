"""The user's file as a module: loaded as their own program would load it, and afresh when it, or what it imports, changed."""

from __future__ import annotations

import importlib
import linecache
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

import torch

from gradtui.engine.randomness import Randomness, seed
from gradtui.engine.settings import RefusalError
from gradtui.snapshot.target import candidates

HERE = Path.cwd()
"""Where the person stands: relative paths are read, and shown, from there, wherever the user's code goes."""

NOT_THE_USERS = tuple(
    Path(path).resolve()
    for path in {*sysconfig.get_paths().values(), str(Path(torch.__file__).parents[1]), str(Path(__file__).parents[1])}
)
"""Folders of Python, of installed packages and of gradtui: some stand inside the user's, as a `.venv` does."""


class UserModule:
    """One file. `load` gives its module, run afresh where a file that it is made of is not as it was."""

    def __init__(self, path: Path) -> None:
        self.path = (HERE / path).resolve()
        self.folder = self.path.parent
        self.name = self.path.stem if self.path.stem not in sys.modules else f"user_{self.path.stem}"
        self.randomness = Randomness()
        self._module: ModuleType | None = None
        self._signature: dict[Path, tuple[int, int] | None] = {}
        self._others = set(sys.modules)
        self._settings = Settings()

    def load(self) -> ModuleType:
        """Raises RefusalError where there is no such file, SyntaxError, and whatever the file itself raises."""
        if self._module is None or any(_state(path) != state for path, state in self._signature.items()):
            self._run()
        for path in self.files:  # a function may have imported more
            self._signature.setdefault(path, _state(path))
        assert self._module is not None
        return self._module

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, and the modules of the user's own folder that it has imported."""
        imported = (sys.modules[name] for name in self._own_modules())
        return (self.path, *(Path(module.__file__) for module in imported if module.__file__))

    def is_own(self, file: str) -> bool:
        """Whether the user wrote `file`, rather than installed it."""
        path = Path(file)
        if path == self.path:
            return True
        return path.is_relative_to(self.folder) and not any(path.is_relative_to(folder) for folder in NOT_THE_USERS)

    @contextmanager
    def as_program(self) -> Iterator[None]:
        """The surroundings of `python file`: its folder first on the path, no arguments, no bytecode left behind."""
        path, argv, no_bytecode = sys.path[:], sys.argv, sys.dont_write_bytecode
        sys.path.insert(0, str(self.folder))
        sys.argv, sys.dont_write_bytecode = [str(self.path)], True
        try:
            yield
        finally:
            sys.path[:], sys.argv, sys.dont_write_bytecode = path, argv, no_bytecode

    def _run(self) -> None:
        before = {self.path: _state(self.path)}
        code = self._compiled()
        self._forget()
        self._signature = before
        self._settings.restore()
        seed()
        module = ModuleType(self.name)
        module.__file__ = str(self.path)
        sys.modules[self.name] = module
        exec(code, module.__dict__)  # noqa: S102 - the user's own code, as named on the command line
        self._module, self.randomness = module, Randomness()

    def _compiled(self) -> CodeType:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            raise RefusalError("name", f"there is no file {shown(self.path)}") from None
        except OSError as error:
            raise RefusalError("name", f"{shown(self.path)} cannot be read: {error.strerror}") from None
        try:
            return compile(decode_source(text), str(self.path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            if getattr(error, "lineno", None) is not None:
                raise
            # a zero byte, or bytes that are not of the file's encoding
            raise SyntaxError(str(error), (str(self.path), 1, 1, "")) from None

    def _forget(self) -> None:
        """What the last run imported of the user's is imported again: they may hold on to one another."""
        for name in self._own_modules():
            del sys.modules[name]
        sys.modules.pop(self.name, None)
        self._module = None
        importlib.invalidate_caches()
        linecache.checkcache()

    def _own_modules(self) -> list[str]:
        new = [name for name in sys.modules if name not in self._others and name != self.name]
        files = ((name, getattr(sys.modules[name], "__file__", None)) for name in new)
        return [name for name, file in files if isinstance(file, str) and self.is_own(file)]


class Settings:
    """What user code may set for the whole process, as it was before: another version of the file may not set it."""

    def __init__(self) -> None:
        self._dtype, self._grad = torch.get_default_dtype(), torch.is_grad_enabled()
        self._anomaly, self._streams = torch.is_anomaly_enabled(), (sys.stdin, sys.stdout, sys.stderr)

    def restore(self) -> None:
        torch.set_default_dtype(self._dtype)
        torch.set_default_device(None)
        torch.set_grad_enabled(self._grad)
        torch.autograd.set_detect_anomaly(self._anomaly)
        sys.stdin, sys.stdout, sys.stderr = self._streams
        os.chdir(HERE)


def function(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    """The function called `name`. Raises RefusalError, naming those that there are."""
    names = [
        key for key, value in vars(module).items() if not key.startswith("_") and _is_function(value, module.__name__)
    ]
    if name not in vars(module):
        raise RefusalError("name", f"{shown(path)} has no function {name}", candidates(shown(path), names, name))
    found: Any = vars(module)[name]
    if isinstance(found, type | torch.nn.Module) or not callable(found):
        what = "a class" if isinstance(found, type) else f"a {type(found).__name__}"
        hint = "name a function that returns the tensor to differentiate, such as a loss"
        raise RefusalError("name", f"{name} of {shown(path)} is {what}, not a function", hint)
    return cast(Callable[..., Any], found)


def text_of(path: Path) -> str:
    """A file's text in the encoding that it declares; what cannot be read of it is empty."""
    try:
        return decode_source(path.read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""


def shown(path: Path | str) -> str:
    """The path as a person would type it here."""
    path = Path(path)
    return str(path.relative_to(HERE)) if path.is_relative_to(HERE) else str(path)


def _is_function(value: object, module: str) -> bool:
    its_own = getattr(value, "__module__", None) == module
    return its_own and callable(value) and not isinstance(value, type | torch.nn.Module)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size

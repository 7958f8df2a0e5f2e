"""The user's file as a module: loaded as their own program would load it, and afresh when it, or what it imports, changed."""

from __future__ import annotations

import importlib
import io
import linecache
import os
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import decode_source
from inspect import getattr_static
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

import torch

from gradtui.engine.autograd.refusal import RefusalError
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.places import shown
from gradtui.engine.user.depth import TooDeepError, deepest_line
from gradtui.engine.user.process_state import ProcessState, seed
from gradtui.file.reading import whole
from gradtui.snapshot.target import LONGEST, candidates

HERE = Path.cwd()
"""Where the person stands: relative paths are read, and shown, from there, wherever the user's code goes."""

NOT_THE_USERS = tuple(
    Path(path).resolve()
    for path in {*sysconfig.get_paths().values(), str(Path(torch.__file__).parents[1]), str(Path(__file__).parents[2])}
)
"""Folders of Python, of installed packages and of gradtui: some stand inside the user's, as a `.venv` does."""


class UserModule:
    """One file. `load` gives its module, run afresh where a file that it is made of is not as it was.

    state: of the process, as it was when the file had run. fresh: whether nothing of it has been called since.
    """

    def __init__(self, path: Path) -> None:
        self.path = (HERE / path).resolve()
        self.folder = self.path.parent
        self.name = self.path.stem if self.path.stem not in sys.modules else f"user_{self.path.stem}"
        self.state = self._before = ProcessState()
        self.fresh = False
        self._module: ModuleType | None = None
        self._signature: dict[Path, tuple[int, int] | None] = {}
        self._others = set(sys.modules)
        self._filters = warnings.filters[:]  # the file may have added its own

    def load(self, *, anew: bool = False) -> ModuleType:
        """anew: also where it is as it was. Raises RefusalError where there is no such file, SyntaxError, and whatever the file
        itself raises."""
        if anew or self._module is None or any(_state(path) != state for path, state in self._signature.items()):
            self._run()
        else:
            warnings.resetwarnings()
            warnings.filters.extend(self._filters)  # type: ignore[attr-defined]
        for path in self.files:  # a function may have imported more
            self._signature.setdefault(path, _state(path))
        assert self._module is not None
        return self._module

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, and the modules of the user's own folder that it has imported."""
        imported = [_file(name) for name in self._own_modules()]
        return (self.path, *(Path(file) for file in imported if file is not None))

    def is_own(self, file: str) -> bool:
        """Whether the user wrote `file`, rather than installed it."""
        path = Path(file)
        if path == self.path:
            return True
        return path.is_relative_to(self.folder) and not any(path.is_relative_to(folder) for folder in NOT_THE_USERS)

    @contextmanager
    def as_program(self) -> Iterator[None]:
        """The surroundings of `python file`: its folder first on the path, no arguments; no bytecode left behind."""
        path, argv, no_bytecode = sys.path[:], sys.argv, sys.dont_write_bytecode
        sys.path.insert(0, str(self.folder))
        sys.argv, sys.dont_write_bytecode = [str(self.path)], True
        try:
            yield
        finally:
            sys.path[:], sys.argv, sys.dont_write_bytecode = path, argv, no_bytecode
            os.chdir(HERE)

    def _run(self) -> None:
        self._forget()
        self._signature = {self.path: _state(self.path)}
        code = self._compiled()
        self._before.restore()
        seed()
        module = ModuleType(self.name)
        module.__file__ = str(self.path)
        sys.modules[self.name] = module
        exec(code, module.__dict__)  # noqa: S102 - the user's own code, as named on the command line
        self._module, self.state, self._filters = module, ProcessState(), warnings.filters[:]
        self.fresh = True

    def _compiled(self) -> CodeType:
        try:
            text = whole(self.path, LONGEST)
        except FileNotFoundError:
            raise RefusalError("name", f"there is no file {shown(str(self.path))}") from None
        except OSError as error:
            raise RefusalError("name", f"{shown(str(self.path))} cannot be read: {error.strerror}") from None
        try:
            code = decode_source(text)
            _remember(self.path, code)
            return compile(code, str(self.path), "exec", dont_inherit=True)
        except (RecursionError, MemoryError):  # MemoryError: what the parser's own stack says
            raise TooDeepError("Python cannot compile it", (str(self.path), deepest_line(code), 1, "")) from None
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
        for path in self._signature:
            linecache.cache.pop(str(path), None)

    def _own_modules(self) -> list[str]:
        new = [name for name in sys.modules if name not in self._others and name != self.name]
        return [name for name in new if (file := _file(name)) is not None and self.is_own(file)]


def function(module: ModuleType, file: str, name: str) -> Callable[..., Any]:
    """The function of `file` called `name`. Raises RefusalError, naming those that there are."""
    names = [key for key, value in vars(module).items() if key[:1] != "_" and _is_function(value, module.__name__)]
    if name not in vars(module):
        raise RefusalError("name", f"{file} has no function {name}", candidates(file, names, name))
    found: Any = vars(module)[name]
    if is_a(found, type, torch.nn.Module) or not callable(found):
        what = "a class" if is_a(found, type) else f"a {type(found).__name__}"
        hint = "name a function that returns the tensor to differentiate, such as a loss"
        raise RefusalError("name", f"{name} of {file} is {what}, not a function", hint)
    return cast(Callable[..., Any], found)


def text_of(path: Path | str) -> str:
    """A file's text, as it was when it was loaded; empty where it cannot be read."""
    return "".join(linecache.getlines(str(path)))


def _remember(path: Path, text: str) -> None:
    """For whoever asks for a line of it: the file may be edited while its code runs."""
    linecache.cache[str(path)] = len(text), None, io.StringIO(text).readlines(), str(path)


def _is_function(value: object, module: str) -> bool:
    if not callable(value) or is_a(value, type, torch.nn.Module):
        return False
    owner = value.__module__ if is_a(value, FunctionType) else getattr_static(value, "__module__", None)
    return is_a(owner, str) and owner == module


def _file(name: str) -> str | None:
    """Where the module of that name is from. What stands there may be anything."""
    file = getattr_static(sys.modules.get(name), "__file__", None)
    return file if is_a(file, str) and file else None


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size

"""The user's file as a module: loaded as their own program would load it, and afresh when it, or what it imports, changed."""

from __future__ import annotations

import ast
import importlib
import io
import linecache
import os
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import decode_source
from inspect import getattr_static
from pathlib import Path
from types import CodeType, ModuleType

import torch

from gradtui.engine import working_folder
from gradtui.engine.capture.introspection import is_a
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.user.process_state import ProcessState, seed
from gradtui.engine.user.too_nested import TooDeepError, deepest_line
from gradtui.engine.working_folder import shown
from gradtui.file.plain_file import whole
from gradtui.snapshot.target import LONGEST

NOT_THE_USERS = tuple(
    Path(path).resolve()
    for path in {*sysconfig.get_paths().values(), str(Path(torch.__file__).parents[1]), str(Path(__file__).parents[2])}
)
"""Folders of Python, of installed packages and of gradtui: some stand inside the user's, as a `.venv` does."""


class UserModule:
    """One file. `load` gives its module, run afresh where a file that it is made of is not as it was.

    state: of the process, as it was when the file had run. fresh: whether nothing of it has been called since. package: that it
    is part of, by its own relative imports; then its folder is the one that the package stands in, as for
    `python -m package.model`.
    """

    def __init__(self, path: Path) -> None:
        self.path = (Path(working_folder.HERE) / path).resolve()
        self.folder = self.path.parent
        self.package = ""
        self.name = self._own_name = self.path.stem if self.path.stem not in sys.modules else f"user_{self.path.stem}"
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
        sys.path[:0] = dict.fromkeys((str(self.path.parent), str(self.folder)))
        sys.argv, sys.dont_write_bytecode = [str(self.path)], True
        try:
            yield
        finally:
            sys.path[:], sys.argv, sys.dont_write_bytecode = path, argv, no_bytecode
            with suppress(OSError):  # it is gone
                os.chdir(working_folder.HERE)

    def _run(self) -> None:
        self._forget()
        self._signature = {self.path: _state(self.path)}
        code = self._compiled()
        self._before.restore()
        seed()
        module = self._imported()
        if module is None:
            module = ModuleType(self.name)
            module.__file__ = str(self.path)
            module.__package__ = self.package
            sys.modules[self.name] = module
            exec(code, module.__dict__)  # noqa: S102 - the user's own code, as named on the command line
        self._module, self.state, self._filters = module, ProcessState(), warnings.filters[:]
        self.fresh = True

    def _imported(self) -> ModuleType | None:
        """Its package first of all, as Python does it; this may import the file itself, and then it need not run again."""
        if not self.package:
            return None
        if str(self.folder) not in sys.path:
            sys.path.insert(1, str(self.folder))
        importlib.import_module(self.package)
        module = sys.modules.get(self.name)
        return module if module is not None and _file(self.name) == str(self.path) else None

    def _place(self, code: str) -> None:
        """By its relative imports: their dots reach up as many folders as the package has at least."""
        up = _reach(code)
        folder = self.path.parent
        parts: list[str] = []
        while folder.name and (up > len(parts) or (up and (folder / "__init__.py").exists())):
            parts.insert(0, folder.name)
            folder = folder.parent
        self.package = ".".join(parts)
        self.folder = folder if parts else self.path.parent
        self.name = f"{self.package}.{self.path.stem}" if parts else self._own_name

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
            compiled = compile(code, str(self.path), "exec", dont_inherit=True)
            self._place(code)
            return compiled
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


def _reach(code: str) -> int:
    """How many dots the longest relative import has; 0 where there is none, and where only Python itself can read the file."""
    try:
        tree = ast.parse(code)
    except (RecursionError, MemoryError):  # from 3.13 on it goes less deep than `compile` does
        return 0
    imports = (one.level for one in ast.walk(tree) if isinstance(one, ast.ImportFrom))
    return max(imports, default=0)


def text_of(path: Path | str) -> str:
    """A file's text, as it was when it was loaded; empty where it cannot be read."""
    return "".join(linecache.getlines(str(path)))


def _remember(path: Path, text: str) -> None:
    """For whoever asks for a line of it: the file may be edited while its code runs."""
    linecache.cache[str(path)] = len(text), None, io.StringIO(text).readlines(), str(path)


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

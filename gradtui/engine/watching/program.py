"""A person's script run as Python runs it: `python train.py ...`, `python -m package.module ...`, a function of a module.

torch is not imported here: the script does that, at its own time, with its own settings; then the watch begins.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import dropwhile, pairwise
from types import ModuleType, TracebackType

from gradtui.engine import working_folder

OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


def run(target: Sequence[str]) -> None:
    """target: a file, `-m` and a module, or `module:function`, with arguments. Raises what the script raises."""
    first, *arguments = target
    if first == "-m":
        _as_module(arguments)
    elif first.endswith(".py") or os.path.exists(first):
        _as_file(first, arguments)
    else:
        _as_function(first, arguments)


def _as_file(path: str, arguments: list[str]) -> None:
    whole = os.path.abspath(path)
    sys.argv[:] = [path, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    loader = SourceFileLoader("__main__", whole)
    code = loader.source_to_code(loader.get_data(whole), whole)
    module = ModuleType("__main__")
    vars(module).update(
        __file__=whole, __loader__=loader, __builtins__=sys.modules["builtins"], __spec__=None, __cached__=None
    )
    sys.modules["__main__"] = module
    exec(code, vars(module))  # noqa: S102 - the user's own script, as named on the command line


def _as_module(arguments: list[str]) -> None:
    name, *rest = arguments
    sys.argv[:] = ["-m", *rest]
    sys.path.insert(0, working_folder.HERE)
    sys.modules["__main__"] = ModuleType("__main__")
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]  # as `python -m` does


def _as_function(target: str, arguments: list[str]) -> None:
    """As the script that pip makes for an entry point: what it returns is the exit status."""
    name, _, function = target.partition(":")
    sys.argv[:] = [target, *arguments]
    sys.path.insert(0, working_folder.HERE)
    found = importlib.import_module(name)
    for part in function.split("."):
        found = getattr(found, part)
    sys.exit(found())  # type: ignore[operator]


def without_own(error: BaseException | None) -> None:
    """Takes the frames of ours out of the traceback of an exception, and of those that it came from: what stands there then is
    what would without us."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(trace)
            trace = trace.tb_next
        theirs = [one for place, one in enumerate(frames) if not _is_ours(frames, place)]
        theirs = [*dropwhile(_is_of_import, theirs)]  # by which ours came to what is theirs
        for one in theirs:  # Python follows what is put after one to its end, so that no ring is made
            one.tb_next = None
        for one, following in pairwise(theirs):
            one.tb_next = following
        error.__traceback__ = theirs[0] if theirs else None
        error = error.__cause__ or error.__context__


def _is_ours(frames: list[TracebackType], place: int) -> bool:
    """Ours, and those by which torch hands a call to a mode: the caller's own, which calls once more without it, and the next."""
    name = frames[place].tb_frame.f_code.co_filename
    if name.startswith(OWN):
        return True
    after = frames[place + 1 : place + 3]
    handed = [one for one in after if one.tb_frame.f_code.co_name == "handle_torch_function"]
    if frames[place].tb_frame.f_code.co_name == "handle_torch_function":
        return True
    return bool(handed) and after[0] is handed[0]


def _is_of_import(trace: TracebackType) -> bool:
    name: str = trace.tb_frame.f_globals.get("__name__", "")
    return name.partition(".")[0] == "importlib"


class Arrival:
    """A finder of modules that finds torch as it would be found without it, and says when it has been imported."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._arrived()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

"""Whether a function may be called once more and nothing is different for that, as far as its code shows."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator, Mapping
from inspect import getattr_static, unwrap
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a

KNOWN = {"torch", "math", "functools", "operator", "typing", "builtins", "collections"}
"""Packages whose functions change nothing but what they are given, or what they return, but for those of these names:"""
FAR = {
    "breakpoint", "classes", "cuda", "delattr", "distributed", "eval", "exec", "exit", "globals", "input", "library", "load",
    "manual_seed", "mps", "multiprocessing", "open", "ops", "print", "quit", "random", "save", "seed", "set_default_device",
    "set_default_dtype", "set_grad_enabled", "set_num_threads", "set_rng_state", "setattr", "use_deterministic_algorithms",
    "vars", "__import__",
}  # fmt: skip
CONSTANTS = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size)
CALLED = (FunctionType, BuiltinFunctionType, MethodDescriptorType, type)
DEEPEST = 4
"""Functions that call one another."""
LOADS, FOLLOWS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"), ("LOAD_ATTR", "LOAD_METHOD")


def has_none(function: Any, depth: int = DEEPEST) -> bool:
    """Nothing outside is written to, and what it asks for by name is a constant, a function of a package that is known to do
    nothing else, or a function of which the same can be said. What it is given it may write over; an attribute it may give to its
    first argument alone, which a Function has for itself."""
    plain = unwrap(function)
    if not is_a(plain, FunctionType) or not depth:
        return False
    inside = dict(zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True))
    return all(_is_harmless(code, plain, inside, depth) for code in _codes(plain.__code__))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if is_a(one, CodeType):
            yield from _codes(one)


def _is_harmless(code: CodeType, function: FunctionType, inside: Mapping[str, Any], depth: int) -> bool:
    instructions = [
        one for one in dis.get_instructions(code) if one.opname not in ("CACHE", "EXTENDED_ARG", "PUSH_NULL")
    ]
    own = function.__code__.co_varnames[:1]
    for place, one in enumerate(instructions):
        before = instructions[place - 1].argval if place else None
        owner = before[-1] if is_a(before, tuple) else before
        if one.opname in ("STORE_GLOBAL", "DELETE_GLOBAL", "DELETE_ATTR") or (
            one.opname == "STORE_DEREF" and one.argval in inside
        ):
            return False
        if one.opname == "STORE_ATTR" and owner not in own:
            return False
        if one.opname == "IMPORT_NAME" and one.argval.partition(".")[0] not in KNOWN:
            return False
        if one.opname in LOADS and (one.opname != "LOAD_DEREF" or one.argval in inside):
            names = [one.argval]
            for following in instructions[place + 1 :]:
                if following.opname not in FOLLOWS:
                    break
                names.append(following.argval)
            if not _is_known(names, function, inside, depth):
                return False
    return True


def _is_known(names: list[str], function: FunctionType, inside: Mapping[str, Any], depth: int) -> bool:
    """What a name, and then the names of attributes behind it, stand for: up to the first that is no module and no class."""
    first, *rest = names
    try:
        if first in inside:
            value = inside[first].cell_contents
        else:
            value = function.__globals__[first] if first in function.__globals__ else getattr(builtins, first)
    except (AttributeError, ValueError):
        return False
    if first in FAR and first not in function.__globals__:
        return False
    for name in rest:
        if not is_a(value, ModuleType, type):
            break
        if name in FAR:
            return False
        try:
            value = getattr_static(value, name)
        except AttributeError:
            return False
        value = value.__func__ if is_a(value, staticmethod) else value
    if is_a(value, *CONSTANTS):
        return True
    if is_a(value, tuple):
        return all(type(one) in CONSTANTS for one in tuple.__iter__(value))
    if not is_a(value, *CALLED) or not is_a(getattr(value, "__self__", None), ModuleType, type, type(None)):
        return False
    package = str(value.__module__ or "builtins").partition(".")[0]
    return package in KNOWN or (is_a(value, FunctionType) and has_none(value, depth - 1))

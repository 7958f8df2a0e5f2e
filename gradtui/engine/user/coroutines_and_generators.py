"""What a function gives: of a coroutine what it ends with, of a generator its first value."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Generator
from typing import Any


def returned(result: Any) -> Any:
    """The value itself; None of a generator that yields nothing."""
    if inspect.iscoroutine(result):
        return asyncio.run(result)
    if inspect.isgenerator(result):
        return _first(result)
    if inspect.isasyncgen(result):
        return asyncio.run(_first_later(result))
    return result


def _first(values: Generator[Any, Any, Any]) -> Any:
    try:
        return next(values, None)
    finally:
        values.close()


async def _first_later(values: AsyncGenerator[Any, Any]) -> Any:
    try:
        return await anext(values, None)
    finally:
        await values.aclose()

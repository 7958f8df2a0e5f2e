"""What an exception says, which is a person's own: it may say nothing, raise when it is asked, or hold half a character."""

from __future__ import annotations


def said(error: BaseException) -> str:
    """Its message, in whole characters. Whatever its `__str__` raises is told instead."""
    try:
        return unbroken(str(error))
    except BaseException as failure:
        return f"(no message: its __str__ raises {unbroken(type(failure).__name__)})"


def unbroken(text: str) -> str:
    """Halves of characters, which no file and no pipe takes, as Python writes them: `\\ud800`."""
    return text.encode(errors="backslashreplace").decode()

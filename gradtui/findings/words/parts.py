"""Pieces of sentences, for what is not always said."""

from __future__ import annotations

from gradtui.findings.words.not_finite import WHY_SLOPES, WHY_VALUES
from gradtui.findings.words.zeros import WHY_ZEROS

PARTS: dict[str, str] = {
    "nothing": "",
    "not taken by": ", in a branch that {branch} does not take; its gradient there is 0, and 0 times that is nan",
    "0 times that": ", and 0 times {result} is nan in {product}",
    "in the data": "; no gradient goes through it: it is data that are bad, before what is learned",
    "0 times a logarithm": "torch.xlogy(x, y) for x*log(y), which is 0 where x is 0 (F.kl_div does so); or {way}",
    "makes 0 of it": ", of which {node} makes 0",
    "f and its gradient do not show it": "; f and its gradient do not show it",
    "f does not show it": "; f itself does not show it",
    "a finite gradient is no derivative": "; the finite gradient that torch gives is no derivative",
    "many of": "{bad} of its {elements} elements",
    "its value": "its value",
    "zeros counted": ", {count} of them 0",
    "one element": "1 element",
    "elements": "{count} elements",
    "nan counted": ", {count} nan",
    "inf counted": ", {count} inf",
    "named": " {name}",
    "at": " at {number}",
    "its values": "{reach}",
    "back to": " to {text}",
    "operand there": "{text} = {number}",
    "whole operand": "its whole operand{reach}",
    "operand where it counts": "where a gradient comes in, its operand{reach}",
    "more factors": "·…",
    "a cast": "a .to(), .double() or the like ({name})",
    "of": " of {names}",
    "result of": "the result of {made}",
    "by a layer": ", by {factor:2}x a layer",
    "at once": ": at once in {hook}{node}, to {left:1} of it",
    "most in": ": most in {count} {operation}",
    "a hook on": "a hook on ",
    "not reached": "backward did not reach it",
    "capture again": "capture once more where backward runs through",
    "zeros of it": ", {percent} % of it zeros",
    # of digits
    "sum nearly cancels": "the gradients that add up there, {terms}, nearly cancel",
    "nearly equal numbers": "it subtracts nearly equal numbers, {one} and {other}",
    "constant lost digits": "a constant in it has lost its digits",
    "formula loses digits": "torch's own formula for its {part} loses digits here",
    "makes much": "its {part} makes much of the small error of {near}{value}",
    "its value only": "value",
    "its slope": "slope",
    "series": "rearrange f so that they do not cancel, or take the first terms of its series there",
    "rearrange": "rearrange it so that nearly equal numbers are not subtracted",
    "constant as a number": "write the constant as a number",
    "small operand": "keep its operand small",
    "or": "{form}, or ",
    "float64": "use float64",
    "more digits": "work with more digits than a float64 has (mpmath)",
    "and": "{one} and {other}",
    "f has": "f has {digits}",
    "prime has": "f'({name}) has {digits}",
    "partial has": "∂f/∂{name} has {digits}",
    "right digits": "≈ {count} right digits",
    "right digit": "≈ {count} right digit",
    "no right digit": "no right digit",
}
REASONS: dict[str, tuple[str, str]] = WHY_VALUES | WHY_SLOPES | WHY_ZEROS
"""Why a node did what it did, and what people do about it: name of a reason -> piece of a sentence, remedy."""
PARTS |= {name: why for name, (why, _) in REASONS.items()} | {f"way: {name}": way for name, (_, way) in REASONS.items()}

"""What each word of a text means: given name, bound name, constant, function, variable, or nothing."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from gradtui.expression.did_you_mean import LIKE_THIS, nearest, unknown_word
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS, OF_A_NAME, Function
from gradtui.expression.syntax import Constant, Definition, Node, Reference, Variable
from gradtui.expression.tokens import Token
from gradtui.expression.words_and_spellings import (
    CLASSES,
    CONSTANTS,
    DIFFERENT_ELSEWHERE,
    IN_MATHEMATICA,
    MODULES,
    PYTHON_WORDS,
    SAID_FIRST,
    SPOKEN,
    TENSORS,
    VECTORS,
    canonical,
    is_variable,
    starts_greek,
)

_LOGARITHM = re.compile(r"log(?:_(?=\w))?((?<=_)[A-Za-z]|[0-9]+)")
_MATHEMATICA = re.compile(r"\b([A-Z][a-z]+[a-zA-Z0-9]*)\[")
_LAMBDA = re.compile(r"lambda\b[^:;\[\r\n]*:")


class Scope:
    """The names of one text. `variables` are those met so far; `defining` is the name whose value is being read, `around`
    that of the `def` it stands in.

    is_mathematica: the text calls functions as in `Sin[x]`, so E is e. spelled: how a bound name is echoed where Python gives
    it another value, or one of a function. rebound: all such echoes, also those of values that Python has given up.
    parameters: those of the function that is being defined.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text = text
        self.names = {canonical(name): name for name in names}
        self.bindings: dict[str, Node] = {}
        self.spelled: dict[str, str] = {}
        self.rebound: set[str] = set()
        self.definitions: dict[str, Definition] = {}
        self.parameters: frozenset[str] = frozenset()
        self.variables: dict[str, None] = {}
        self.defining = self.around = ""
        self.is_mathematica = any(name.lower() in FUNCTIONS for name in _MATHEMATICA.findall(text))

    def function(self, token: Token, called: bool, bracketed: bool = False) -> Function | None:
        """The function that a token names, unless its name was given another meaning; called: `(` follows, bracketed: `[`."""
        if token.kind == "qualified":
            return FUNCTIONS.get(token.text)
        if token.kind != "word":
            return None
        name = canonical(token.text)
        if name in (self.defining, self.around) and name not in OF_A_NAME:
            return None
        if name not in FUNCTIONS:
            return FUNCTIONS.get(self._in_capitals(name, bracketed)) if called or bracketed else None
        if name in OF_A_NAME:
            is_free = called and name not in self.bindings and name not in self.parameters
        else:
            is_free = not self.is_taken(name)
        return FUNCTIONS[name] if is_free else None

    def _in_capitals(self, name: str, bracketed: bool) -> str:
        """`relu` for ReLU, `sin` for SIN and Mathematica's Sin; "" for what means something else in those capitals."""
        unlike = name in ("LOG", "ATAN2", *(("Sinc",) if bracketed else ())) or is_variable(name) or self.is_taken(name)
        return "" if unlike or name.lower() in OF_A_NAME or name.islower() else name.lower()

    def base_of_logarithm(self, token: Token) -> str:
        """The 3 of `log_3` and `log3`, the b of `log_b`."""
        found = _LOGARITHM.fullmatch(canonical(token.text)) if not self.is_taken(token.text) else None
        return found[1] if found else ""

    def definition(self, token: Token) -> Definition | None:
        """The function of this text that a token names."""
        name = canonical(token.text) if token.kind == "word" else ""
        return None if name in self.parameters else self.definitions.get(name)

    def node(self, token: Token, called: bool) -> Node:
        """The variable, constant or reference that a word stands for; `called`: an opening parenthesis follows."""
        name = canonical(token.text)
        if token.kind == "qualified":
            return Constant(token.start, token.end, name, CONSTANTS[name])
        if name in (self.defining, self.around) and name not in (*self.bindings, *self.parameters):
            raise self._error(
                token, f"{name} is used in its own definition", "what stands right of = is made of other names"
            )
        if called and name not in CONSTANTS:
            self._refuse_call(token, name)
        if name in self.parameters:
            return Variable(token.start, token.end, name, parameter=True)
        if name in self.bindings:
            return Reference(token.start, token.end, self.spelled.get(name, name), self.bindings[name])
        if name in CONSTANTS and name not in self.names:
            return Constant(token.start, token.end, name, CONSTANTS[name])
        if self.is_mathematica and name in IN_MATHEMATICA and name not in self.names:
            if name == "I":
                raise self._error(token, "I is the imaginary unit beside Sin[x]", "all numbers are real here")
            return Constant(token.start, token.end, IN_MATHEMATICA[name], CONSTANTS[IN_MATHEMATICA[name]])
        if name in self.names or is_variable(name):
            self._refuse_lambda(token)
            spelled = self.names.get(name, name)
            self.variables.setdefault(spelled)
            return Variable(token.start, token.end, spelled)
        raise self._error(token, *unknown_word(token.text, called))

    def _refuse_call(self, token: Token, name: str) -> None:
        """A Greek name right before `(` is never silently a product, nor is f, g or h."""
        if name in ("f", "g", "h") and name not in self.names and name not in self.parameters | self.bindings.keys():
            hint = f"define it before, {name}(x) = ..., or write {name}*(...) for a product"
            raise self._error(token, f"{name}(...) reads as a function, and there is none of this name", hint)
        if starts_greek(name):
            hint = f"write {token.text}*(...) for a product"
            raise self._error(token, f"{token.text}(...) reads as a function, and there is none of this name", hint)

    def is_e(self, token: Token) -> bool:
        """Whether a token is Euler's number."""
        return token.text == "e" and not self.is_taken("e")

    def bind(self, token: Token, in_python: bool = False) -> str:
        """The name that `name = ...` or `name(...) = ...` gives, if it is free to give; in_python: or a `def`."""
        name = self._fresh(token, in_python)
        if name in self.variables:
            raise self._error(token, f"{name} is already a variable further up", "give the new value another name")
        self.defining = name
        self.around = name if in_python else ""
        return name

    def rebind(self, token: Token) -> str:
        """The name that an assignment gives in Python, where each may be given again; an echo needs one of its own."""
        name = canonical(token.text)
        if name in PYTHON_WORDS or name.startswith("_") or "__" in name:
            raise self._error(token, *unknown_word(name, called=False))
        taken = {
            *self.bindings,
            *self.spelled.values(),
            *self.rebound,
            *self.variables,
            *self.names,
            *self.parameters,
            *self.definitions,
        }
        is_free = name not in taken and name not in CONSTANTS and name not in FUNCTIONS and name != self.defining
        if not (self.is_taken(name) or name in self.variables):
            self.defining = name
        spelled, number = name, 1
        while not is_free:
            number += 1
            spelled = f"{name}_{number}"
            is_free = spelled not in self.text and spelled not in taken
        self.rebound.add(spelled)
        return spelled

    def define(self, name: Token, parameters: list[Token], in_python: bool = False) -> str:
        """The name of `g(t) = ...` or of a `def`, if it is free to give, and until `defined` its parameters."""
        self.defining = found = self._fresh(name, in_python)
        self.around = found if in_python else ""
        self.parameters = frozenset()
        given: list[str] = []
        for token in parameters:
            parameter = self._fresh(token)
            if parameter in given or parameter == found:
                raise self._error(token, f"{parameter} is named twice", "each parameter needs a name of its own")
            given.append(parameter)
        self.parameters = frozenset(given)
        return found

    def defined(self, definition: Definition, local: Collection[str]) -> None:
        """Its parameters, and the names inside it, mean nothing from here on."""
        for name in local:
            self.bindings.pop(name, None)
        self.parameters, self.defining, self.around = frozenset(), "", ""
        self.definitions[definition.name] = definition

    def declare(self, parameters: list[Token]) -> None:
        """Take the parameters of `f(x, y) = ...` as variables, in this order, before all others."""
        declared: dict[str, None] = {}
        for token in parameters:
            name = self._fresh(token)
            if name in declared or name == self.defining:
                raise self._error(token, f"{name} is named twice", "each parameter needs a name of its own")
            declared[self.names.setdefault(name, name)] = None
        self.variables = declared | self.variables

    def in_signs(self, tokens: list[Token]) -> list[Token]:
        """The same tokens with `x times y` as x*y. A word that is taken stays a name."""
        if not any(token.text in SAID_FIRST for token in tokens):
            return tokens
        kept: list[Token] = []
        i = 0
        while i < len(tokens):
            said = next((words for words in SPOKEN if self._is_said(words, tokens[i : i + len(words)])), None)
            if said is None:
                kept.append(tokens[i])
                i += 1
                continue
            sign, last = SPOKEN[said], tokens[i + len(said) - 1]
            kept.append(Token("word" if sign.isalpha() else "operator", sign, tokens[i].start, last.end))
            i += len(said)
        return kept

    def _is_said(self, words: tuple[str, ...], tokens: list[Token]) -> bool:
        said = tuple(token.text for token in tokens if token.kind == "word" and not self.is_taken(token.text))
        return said == words

    def without_modules(self, tokens: list[Token]) -> list[Token]:
        """The same tokens with `torch.sin` as one, `sin`. A module's name that is taken stays a name."""
        if not any(token.text == "." for token in tokens):
            return tokens
        kept: list[Token] = []
        i = 0
        while i < len(tokens):
            path, last = tokens[i].text, i
            if path in MODULES and not self.is_taken(path):
                while path in MODULES and tokens[last + 1].text == ".":
                    last += 2
                    path += f".{tokens[last].text}"
            texts = [token.text for token in tokens[last + 1 : last + 3]]
            if (path in TENSORS and _holds_numbers(tokens[last + 1 :])) or (path in VECTORS and texts == ["(", "["]):
                i = last + 1
                continue
            if tokens[last].text in CLASSES and path.startswith(("nn.", "torch.nn.")):
                applied = _applied(tokens[last + 1 :])
                if applied is not None:
                    kept.append(Token("qualified", CLASSES[tokens[last].text], tokens[i].start, tokens[last].end))
                    tokens, i = applied, 0
                    continue
            kept.append(self._qualified(path, tokens[i], tokens[last]) if last > i else tokens[i])
            i = last + 1
        return kept

    def refuse_differences(self, tokens: list[Token]) -> None:
        """`Δx` is one name on paper, and falls apart here: Δx/Δt would be Δ*x/Δ*t."""
        for token, after in pairwise(tokens):
            is_letter = after.kind == "word" and (is_variable(canonical(after.text)) or self.is_taken(after.text))
            if is_letter and self.text[token.start : token.end] in ("Δ", "\\Delta") and not self.is_taken("Delta"):
                message = f"Δ{after.text} can be read in two ways"
                hint = f"write Δ*{after.text} for a product, Delta_{after.text} for a name"
                raise ExpressionError("name", message, token.start, after.end, hint)

    def _qualified(self, path: str, first: Token, last: Token) -> Token:
        module = path.removesuffix(f".{last.text}")
        if path in DIFFERENT_ELSEWHERE:
            hint = f"write {last.text}(x) for torch's"
            raise ExpressionError("name", DIFFERENT_ELSEWHERE[path], first.start, last.end, hint)
        if last.kind != "word" or (last.text not in FUNCTIONS and last.text not in CONSTANTS):
            guess = nearest(last.text)
            hint = f"did you mean {module}.{guess}?" if guess else "only its functions and constants that gradtui knows"
            if last.text in ("tensor", "as_tensor", "Tensor", "array"):
                hint = "write the number or vector alone, 2.0 or [1, 2]; a variable stands where --at x=4 puts it"
            what = path if last.kind == "word" else f"{module}."
            message = f"{what} is not part of the language"
            raise ExpressionError("name", message, first.start, last.end, hint)
        return Token("qualified", last.text, first.start, last.end)

    def is_taken(self, word: str) -> bool:
        name = canonical(word)
        return name in self.names or name in self.bindings or name in self.parameters or name in self.definitions

    def _fresh(self, token: Token, in_python: bool = False) -> str:
        """The name itself, refused where it already means something else; a `def` may take that of a function."""
        name = canonical(token.text)
        if name in CONSTANTS and name not in self.names:
            raise self._error(token, f"{name} is a constant and keeps its value", "choose another name")
        if name in FUNCTIONS and name not in OF_A_NAME and name not in self.names and not in_python:
            raise self._error(token, f"{name} is a function and keeps its meaning", "choose another name")
        if name in PYTHON_WORDS or name.startswith("_") or "__" in name:
            raise self._error(token, *unknown_word(name, called=False))
        if name in self.bindings or name in self.definitions:
            raise self._error(token, f"{name} already has a value further up", "give the new value another name")
        return name

    def _refuse_lambda(self, token: Token) -> None:
        """`lambda` alone is the Greek letter."""
        if token.text == "lambda" and (match := _LAMBDA.match(self.text, token.start)):
            raise ExpressionError("syntax", "lambda is Python, not part of the language", *match.span(), LIKE_THIS)

    @staticmethod
    def _error(token: Token, message: str, hint: str) -> ExpressionError:
        return ExpressionError("name", message, token.start, token.end, hint)


def _applied(tokens: list[Token]) -> list[Token] | None:
    """Of `(0.2)(x) + 1`, what follows a module's name, the tokens `(x, 0.2) + 1`; None where it is not applied. What is done
    in place has no meaning here."""
    closed = _closing(tokens)
    if closed is None or tokens[closed + 1].text != "(":
        return None
    rest, settings = tokens[closed + 1 :], tokens[1:closed]
    if place := next((place for place, token in enumerate(tokens[:closed]) if token.text == "inplace"), 0):
        settings = [*tokens[1 : place - 1], *tokens[min(place + 3 + (place == 1), closed) : closed]]
    end = _closing(rest) if settings else None
    if end is None:
        return rest
    return [*rest[:end], Token("operator", ",", rest[end].start, rest[end].start), *settings, *rest[end:]]


def _closing(tokens: list[Token]) -> int | None:
    """Where the parenthesis closes that the tokens begin with."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth <= 0:
            return number if number else None
    return None


def _holds_numbers(tokens: list[Token]) -> bool:
    """Whether parentheses follow that hold numbers alone, as a tensor of anything else has no gradient: `([1, -2])`."""
    depth = 0
    for token in tokens:
        if token.kind != "number" and token.text not in ("(", ")", "[", "]", ",", "-"):
            return False
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if token.text == "," and depth == 1:
            return False
        if depth == 0:
            return token.text == ")"
    return False

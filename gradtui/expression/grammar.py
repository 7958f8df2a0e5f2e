"""The grammar. A recursive descent over tokens (tokens.py), one method a rule, over the tokens of one statement:

    text        = { statement separator } last { separator }
    separator   = ";" | newline                      (a newline inside brackets is white space)
    statement   = name "=" value | function
    last        = [ name "=" | name parameters "=" ] value | function | "return" sum
    value       = [ "lambda" name { "," name } ":" ] sum
    function    = name parameters "=" sum | "def" name parameters ":" { separator name "=" sum } separator "return" sum
    parameters  = "(" name { "," name } ")"
    condition   = all { "or" all } [ "if" condition "else" condition ]
    all         = comparison { "and" comparison }
    comparison  = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum }  (only as the first argument of where, and after if)
    sum         = product { ("+" | "-") product }
    product     = factor { [ "*" | "/" | "%" | "mod" | "@" ] factor }      (without: a product, where no number or "[" follows)
    factor      = ("+" | "-") factor | power
    power       = atom [ "^" factor | raised | "squared" | "cubed" ]         (raised: ², ⁻¹, ¹⁰)
    atom        = primary { "." function "(" [ arguments ] ")" | "[" index "]" | "!" }
    index       = integer | [ integer ] ":" [ integer ] [ ":" integer ]
    primary     = number | name | constant | application | "(" condition ")" | "{" condition "}" | "|" sum "|"
                | "‖" sum "‖" | "⌊" sum "⌋" | "⌈" sum "⌉" | ( "√" | "∛" | "∜" ) atom | "[" sum { "," sum } "]" | command
    command     = "\\frac" piece piece | "\\sqrt" "[" integer "]" piece         (piece: in { }, or one character)
    application = function [ "^" digits | raised ] ( "(" [ arguments ] ")" | bare )
    bare        = power { power }                    (sin 2x, up to the next operator or function)
    arguments   = argument { "," argument }
    argument    = [ name "=" ] condition | name "=" word

A function or constant may carry the module it has in Python (`torch.sin`, `math.pi`). Where paper leaves open what is
meant (`sin x (x+1)`, `√x²`, `f(x)` where f is not known), the text is refused and the hint says how to write either.
"""

from __future__ import annotations

from gradtui.expression.call_arguments import Argument, keyword, refuse_dim, usage, value
from gradtui.expression.did_you_mean import MATRIX
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS, Function
from gradtui.expression.indexing import indexed
from gradtui.expression.latex_arguments import bare_root, logarithm, nth_root, root, structure
from gradtui.expression.reading import OPENING, Reading, Rule
from gradtui.expression.syntax import (
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Constant,
    Definition,
    Node,
    Number,
    Reference,
    Text,
    Variable,
    Vector,
)
from gradtui.expression.syntax_errors import missing_operand, unexpected
from gradtui.expression.tokens import Token
from gradtui.expression.words_and_spellings import ENCLOSING, FRACTIONS, POSTFIXES, ROOTS

MOST_NESTED = 200
TOO_DEEP = f"this is nested more than {MOST_NESTED} deep"

SUMS: dict[str, ArithmeticOperator] = {"+": "+", "-": "-"}
PRODUCTS: dict[str, ArithmeticOperator] = {"*": "*", "/": "/"}
COMPARISONS: dict[str, ComparisonOperator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}


class Rules(Reading):
    """Reads the value of one statement, a method a rule."""

    def value(self) -> Node:
        """The value, which has to reach to the end."""
        node = value(self._run(self.condition()))
        if self.token.kind != "end":
            raise self._unexpected()
        return node

    def _run(self, rule: Rule[Node]) -> Node:
        """Run a rule and those it yields on a stack of our own: Python's is too short for what a person may nest."""
        stack = [rule]
        result: Node | None = None
        while stack:
            try:
                inner = stack[-1].send(result)  # type: ignore[arg-type]  # None starts a generator
            except StopIteration as done:
                stack.pop()
                result = done.value
            else:
                stack.append(inner)
                result = None
                depth = len(stack) - 1 - self.exponents
                self.build.deepest = max(self.build.deepest, depth)
                if depth > MOST_NESTED:
                    raise ExpressionError("limit", TOO_DEEP, self.token.start, self.token.end)
        assert result is not None
        return result

    def condition(self) -> Rule[Node]:
        left = yield from self._all_of()
        while self.token.text == "or" and self._is_plain_word():
            left = self.build.joined("or", left, self.advance(), (yield from self._all_of()))
        if self.token.text == "if" and self._is_plain_word():
            return (yield from self._either(left))
        return left

    def _all_of(self) -> Rule[Node]:
        left = yield from self._comparison()
        while self.token.text == "and" and self._is_plain_word():
            left = self.build.joined("and", left, self.advance(), (yield from self._comparison()))
        return left

    def _comparison(self) -> Rule[Node]:
        """A value, or a comparison; a chain of them as Python reads it, a < b < c as a < b and b < c."""
        left = yield from self.sum()
        whole: Node | None = None
        while self.token.text in COMPARISONS:
            sign = self.advance()
            right = yield from self.sum()
            start, end = self.build.start(left), self.build.end(right)
            one = Comparison(start, end, COMPARISONS[sign.text], value(left), value(right))
            whole = self.build.joined("and", whole, sign, one) if whole else one
            left = self.build.copy(right) if self.token.text in COMPARISONS else right
        return whole or left

    def _either(self, then: Node) -> Rule[Node]:
        """`a if x > 0 else b` of Python, of which `a` is read."""
        word = self.advance()
        condition = yield self.condition()
        if self.token.text != "else":
            hint = "write a if x > 0 else b, or where(x > 0, a, b)"
            raise ExpressionError("syntax", "this if has no else", word.start, word.end, hint)
        self.advance()
        other = yield self.condition()
        arguments: list[Argument] = [(None, condition), (None, then), (None, other)]
        return self.build.call(FUNCTIONS["where"], arguments, self.build.start(then), self.build.end(other))

    def sum(self) -> Rule[Node]:
        left = yield from self._product()
        while self.token.text in SUMS:
            operator = SUMS[self.advance().text]
            left = self.build.binary(operator, left, (yield from self._product()))
        return left

    def _product(self) -> Rule[Node]:
        left = yield from self._factor()
        while True:
            if self.token.text in PRODUCTS:
                operator = PRODUCTS[self.advance().text]
            elif self.token.text == "%" or (self.token.text == "mod" and self._is_plain_word()):
                left = yield from self._called(FUNCTIONS["remainder"], left)
                continue
            elif self.token.text == "@":
                left = yield from self._called(FUNCTIONS["dot"], left)
                continue
            elif self._is_factor_ahead():
                operator = "*"
                if isinstance(left, Comparison) and self.token.text == "|":
                    raise unexpected(self.token._replace(kind="error", text="&"), None)
            else:
                return left
            left = self.build.binary(operator, left, (yield from self._factor()))

    def _called(self, row: Function, left: Node) -> Rule[Node]:
        """`x mod 2`, `x % 2`, Python's remainder and torch's; `w @ x`."""
        self.advance()
        right = yield from self._factor()
        arguments: list[Argument] = [(None, left), (None, right)]
        start, end = self.build.start(left), max(self.build.end(left), self.build.end(right))
        return self.build.call(row, arguments, start, end)

    def _factor(self) -> Rule[Node]:
        if self.token.text not in SUMS:
            return (yield from self._power())
        sign = self.advance()
        operand = yield self._factor()
        if sign.text == "+":
            return self.build.enclose(operand, sign.start, self.build.end(operand))
        return self.build.negation(sign.start, operand)

    def _power(self) -> Rule[Node]:
        base = yield from self._atom()
        while self.token.text in POSTFIXES and self._is_plain_word():
            word = self.advance()
            base = self.build.binary("^", base, Number(word.start, word.end, POSTFIXES[word.text]))
        if self.token.text == "^":
            if isinstance(base, Variable | Reference):
                self._refuse_mark()
            sign = self.advance()
            exponent = yield from self._exponent()
            if self.before and self.before.kind == "word" and self.before.text in POSTFIXES:
                message = "a power of a power can be read in two ways"
                raise ExpressionError("syntax", message, sign.start, self.end, "use parentheses: (x^2)^2 or x^(2^2)")
            return self.build.binary("^", base, exponent)
        if self.token.kind != "superscript":
            return base
        power = self.build.binary("^", base, self.build.raised(self.advance(), self.scope))
        if self.token.kind == "superscript" or self.token.text == "^":
            raise self._unexpected()
        return power

    def _exponent(self) -> Rule[Node]:
        """One level deeper, and not two where it stands in parentheses: the reading of x^y^z is x^(y^z)."""
        parenthesised = self.token.text in OPENING
        self.exponents += parenthesised
        node = yield self._factor()
        self.exponents -= parenthesised
        return node

    def _atom(self) -> Rule[Node]:
        node = yield from self._primary()
        while self.token.text in (".", "[", "!", "°"):
            if self.token.text in ("!", "°"):
                node = self._factorial(node) if self.token.text == "!" else self._degrees(node)
                continue
            if self.token.text == "[":
                node = self._indexed(node)
                continue
            row = self._method()
            self.build.unwritten += 1
            arguments: list[Argument] = [(None, node), *(yield from self._arguments(row))]
            refuse_dim(row, arguments)
            node = self._call(row, arguments, self.build.start(node))
        return node

    def _primary(self) -> Rule[Node]:
        token = self.token
        if token.kind == "number":
            self.advance()
            if token.text in FRACTIONS:
                return self.build.fraction(token)
            self._refuse_hexadecimal(token)
            return self.build.number(token)
        if token.kind in ("word", "qualified"):
            definition = self.scope.definition(token) if self.scope.definitions else None
            if definition is not None:
                return (yield from self._defined(definition))
            row = self._function()
            if row is not None:
                return (yield from self._application(row))
            self.advance()
            if base := self.scope.base_of_logarithm(token):
                return (yield from logarithm(self, base, token))
            return self.scope.node(token, called=self.token.text == "(")
        if token.text in OPENING:
            return (yield from self.group())
        if token.kind == "structure":
            return (yield from structure(self))
        if token.text == "[":
            return (yield from self._vector())
        if token.text in ENCLOSING:
            self._open()
            inside = yield self.sum()
            self._close()
            return self._call(FUNCTIONS[ENCLOSING[token.text]], [(None, inside)], token.start)
        if token.text in ROOTS:
            return (yield from self._root())
        before = self._as_typed(self.before) if self.before else None
        raise missing_operand(self._as_typed(token), before, self.brackets[-1] if self.brackets else None)

    def _indexed(self, operand: Node) -> Node:
        """`x[0]`, `x[1:]`: only whole numbers stand there, so nothing is nested."""
        first = self.position
        self._open()
        while self.token.text != "]" and self.token.kind != "end":
            self.advance()
        self._close()
        node = indexed(operand, self.build.start(operand), self.tokens[first : self.position])
        return self.build.counted(node)

    def _defined(self, definition: Definition) -> Rule[Node]:
        """A call of a function that the text defines."""
        name = self.advance()
        shown = f"{definition.name}({', '.join(definition.parameters)})"
        if self.token.kind in ("error", "string"):  # the prime of a derivative
            raise self._unexpected()
        if self.token.text not in OPENING:
            message = f"{definition.name} is a function and needs its arguments in parentheses"
            raise ExpressionError("arity", message, name.start, name.end, f"write {shown}")
        self._open()
        arguments: list[Node] = []
        while self.token.text not in (")", "}") or arguments:
            arguments.append(value((yield self.sum())))
            if self.token.text != ",":
                break
            self.advance()
        self._close()
        if len(arguments) != len(definition.parameters):
            message = f"{definition.name} takes {len(definition.parameters)}; {len(arguments)} here"
            raise ExpressionError("arity", message, name.start, self.end, f"write {shown}")
        return self.build.application(definition, arguments, name.start, self.end)

    def group(self) -> Rule[Node]:
        opening = self._open()
        node = yield self.condition()
        return self.build.enclose(node, opening.start, self._close().end)

    def _vector(self) -> Rule[Node]:
        opening = self._open()
        items: list[Node] = []
        while not items or self.token.text == ",":
            if items:
                self.advance()
            item = value((yield self.sum()))
            if isinstance(item, Vector):
                raise ExpressionError("syntax", "a vector holds numbers, not vectors", item.start, item.end, MATRIX)
            items.append(item)
        return Vector(opening.start, self._close().end, tuple(items))

    def _root(self) -> Rule[Node]:
        sign = self.advance()
        if self.token.text == "[" and self.scope.text[sign.start] == "\\":
            return (yield from root(self, sign))
        bracketed = self.token.text in OPENING or self.token.text in ENCLOSING
        inside = yield self._atom()
        if not bracketed and (self.token.text == "^" or self.token.kind == "superscript"):
            message = f"a power after {sign.text} can be read in two ways"
            hint = f"write {sign.text}(x^2) or ({sign.text}x)^2"
            raise ExpressionError("syntax", message, sign.start, self.token.end, hint)
        return nth_root(self, ROOTS[sign.text], inside, sign)

    def _application(self, row: Function) -> Rule[Node]:
        name = self.advance()
        if name.text == "sqrt" and self.token.text == "[":
            return (yield from root(self, name))
        if row.name == "sqrt" and self.is_command(name) and self.token.kind in ("number", "word"):
            return (yield from bare_root(self, name))
        exponent = self._function_power(row, name)
        arguments: list[Argument] = []
        if self.token.text in OPENING or (self.token.text == "[" and name.text[0].isupper()):
            arguments.extend((yield from self._arguments(row)))
            if name.kind == "qualified" and not self.scope.text.startswith("Math", name.start):
                refuse_dim(row, arguments)
        else:
            arguments.append((None, (yield self._bare(row, name))))
        node = self._call(row, arguments, name.start)
        return self.build.binary("^", node, exponent) if exponent else node

    def _arguments(self, row: Function) -> Rule[list[Argument]]:
        opening = self._open()
        arguments: list[Argument] = []
        while self.token.text not in (")", "}", "]") or arguments:
            name = None
            if self.token.kind == "word" and self.tokens[self.position + 1].text == "=":
                keyword(row, name := self.advance())
                self.advance()
            word = self._word_value(name is not None)
            arguments.append((name, word or (yield self.condition())))
            if self.token.text != ",":
                break
            self.advance()
        self._close()
        if opening.text == "[" and row.name == "log" and len(arguments) > 1:
            message = "Log[b, x] has its base first, and log(x, b) has it last"
            raise ExpressionError("syntax", message, opening.start, self.end, "write log(x, 2)")
        return arguments

    def _word_value(self, named: bool) -> Text | None:
        """`"sum"`, and True of `log_target=True`, where that is all of an argument."""
        token, after = self.token, self.tokens[self.position + 1 :][:1]
        is_flag = named and token.kind == "word" and token.text in ("True", "False")
        if not (is_flag or token.kind == "string") or after[0].text not in (",", ")"):
            return None
        self.advance()
        return Text(token.start, token.end, token.text == "True" if is_flag else token.text[1:-1])

    def argument(self, row: Function, name: Token) -> Rule[Node]:
        if self.token.text in OPENING:
            return (yield from self.group())
        return (yield self._bare(row, name))

    def _bare(self, row: Function, name: Token) -> Rule[Node]:
        """The argument of a function without parentheses, where it is clear how far it reaches."""
        if row.least > 1 or (self.token.kind not in ("number", "error", "string") and not self._is_factor_ahead()):
            message = f"{row.name} needs {'its arguments' if row.least > 1 else 'an argument'} in parentheses"
            raise ExpressionError("arity", message, name.start, name.end, f"write {usage(row)}")
        argument = yield from self._power()
        is_coefficient = isinstance(argument, Number | Constant)
        while self._is_factor_ahead() and not self._function() and self.token.text not in ROOTS:
            if not is_coefficient and (self.token.text in (*OPENING, *ENCLOSING) or self.scope.is_e(self.token)):
                message = f"where the argument of {row.name} ends can be read in two ways"
                hint = f"put it in parentheses: {row.name}(...)"
                raise ExpressionError("syntax", message, name.start, self.token.end, hint)
            factor = yield from self._power()
            is_coefficient = is_coefficient and isinstance(factor, Number | Constant)
            argument = self.build.binary("*", argument, factor)
        return argument

    def _call(self, row: Function, arguments: list[Argument], start: int) -> Node:
        """The call whose last token was just read."""
        return self.build.call(row, arguments, start, self.end)

    def _function(self) -> Function | None:
        """The function that the next token names."""
        following = self.tokens[self.position + 1].text if self.token.kind != "end" else ""
        return self.scope.function(self.token, called=following in OPENING, bracketed=following == "[")

    def one(self) -> Rule[Node]:
        return (yield from self._primary())

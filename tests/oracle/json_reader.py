"""JSON as the contract reads it, one character after the other, to any depth.

RFC 8259, forgiving a single trailing comma in an object or array and the literals `NaN`, `Inf` and
`Infinity` (any case, optional minus). No value keeps its type: a scalar becomes the text that
DuckDB's `json_extract_string` gives for it, `null` becomes None.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

Value: TypeAlias = "str | dict[str, Value] | list[Value] | None"


class NotJson(ValueError):  # noqa: N818 - it is a verdict, not a fault
    """The text is not exactly one JSON value."""


_WHITESPACE = frozenset(" \t\n\r")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+)"')
_ESCAPE = re.compile(r"\\(?:u(....)|(.))")
_NUMBER = re.compile(r"-?+(?:0|[1-9][0-9]*+)(?P<float>(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)")
_LITERAL = re.compile(r"-?(?:nan|infinity|inf)", re.IGNORECASE | re.ASCII)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"null": None, "true": "true", "false": "false"}


def parse(text: str) -> Value:
    """Read one JSON value that is the whole of `text`; raise `NotJson` where it is not."""
    reader = _Reader(text)
    value = reader.value()
    if reader.position != len(text):
        raise NotJson(f"text goes on at {reader.position}")
    return value


class _Reader:
    """A cursor over the text; `value` keeps its own stack, so that depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._space()

    def value(self) -> Value:
        """Read a value and the white space after it."""
        around: list[_Open] = []  # the containers the cursor is in, outermost first
        while True:
            value: Value
            opened = self._open()
            if opened is None:
                value = self._scalar()
            elif self._take(opened.closing):
                value = opened.container
            else:
                self._read_key(opened)
                around.append(opened)
                continue
            while around and self._ends(around[-1], value):
                value = around.pop().container
            if not around:
                return value

    def _open(self) -> "_Open | None":
        if self._take("{"):
            return _Open({}, "}")
        if self._take("["):
            return _Open([], "]")
        return None

    def _ends(self, opened: "_Open", value: Value) -> bool:
        """Put `value` where it belongs; go on to the next member, or tell that there is none."""
        if isinstance(opened.container, dict):
            opened.container.setdefault(opened.key, value)  # of duplicate keys the first counts
        else:
            opened.container.append(value)
        comma = self._take(",")
        if self._take(opened.closing):
            return True
        if not comma:
            raise NotJson(f"expected ',' or {opened.closing!r} at {self.position}")
        self._read_key(opened)
        return False

    def _read_key(self, opened: "_Open") -> None:
        if isinstance(opened.container, list):
            return
        match = self._match(_STRING)
        if match is None or not self._take(":"):
            raise NotJson(f"expected a key and ':' at {self.position}")
        opened.key = unescape(match[1])

    def _scalar(self) -> str | None:
        if match := self._match(_STRING):
            return unescape(match[1])
        if match := self._match(_NUMBER):
            return number_text(match[0], is_float=bool(match["float"]))
        if match := self._match(_LITERAL):
            return match[0]
        for word, value in _WORDS.items():
            if self._take(word):
                return value
        raise NotJson(f"expected a value at {self.position}")

    def _space(self) -> None:
        while self.text[self.position : self.position + 1] in _WHITESPACE:
            self.position += 1

    def _take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.position):
            return False
        self.position += len(mark)
        self._space()
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            self._space()
        return match


@dataclass
class _Open:
    """A container whose end is yet to come."""

    container: dict[str, Value] | list[Value]
    closing: str
    key: str = ""  # of the member being read


def unescape(raw: str) -> str:
    """The text between the quotes, escapes resolved; lone surrogates are not JSON."""

    def resolve(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _CONTROL.get(match[2], match[2])

    if "\\" not in raw:
        return raw
    units = _ESCAPE.sub(resolve, raw)
    try:
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise NotJson("lone surrogate") from error


def number_text(source: str, *, is_float: bool) -> str:
    """A number as DuckDB extracts it.

    An integer is as written (`-0` is `0`). Anything with a fraction or exponent is the shortest
    text of its double, written out between 1e-6 and 1e21 as JavaScript does, always with a point
    or an exponent; one too large for a double stays as written.
    """
    if not is_float:
        return "0" if source == "-0" else source
    number = float(source)
    if number in (float("inf"), float("-inf")):
        return source
    if number == 0:
        return str(number)  # "0.0" or "-0.0"
    shortest = Decimal(repr(number)).normalize()
    if 1e-6 <= abs(number) < 1e21:
        fixed = f"{shortest:f}"
        return fixed if "." in fixed else f"{fixed}.0"
    sign, digits, _ = shortest.as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{shortest.adjusted()}"

"""Which names an HCL file refers to, found in its text.

Literal text, comments and heredocs are blanked, what stands in `${…}` and `%{…}` is kept, and every
path that begins with a known word is a reference: `var.name`, `module.stream.arn`,
`aws_sns_topic.alerts.arn`, `data.aws_region.current.region`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEREDOC = re.compile(r"<<-?\s*(\w+)\n")
# a look-ahead, so that references inside an index are found as well
_PATH = re.compile(
    r"(?<![\w.\-])(?=(?P<root>var|local|module|data|ephemeral|terraform_data|aws_\w+)"
    r"(?P<rest>(?:\s*\.\s*[A-Za-z_][\w-]*|\s*\.\s*\*|\[[^\[\]]*\])+))"
)
_INDEX = re.compile(r"\[[^\[\]]*\]")
_PART = re.compile(r"\.\s*([A-Za-z_][\w-]*)")


@dataclass(frozen=True)
class Reference:
    """One path, without its indexes.

    Attributes:
        parts: Such as `("module", "stream", "arn")`.
        file: Name of the file.
        line: From 1.
    """

    parts: tuple[str, ...]
    file: str
    line: int


def references(text: str, file: str) -> Iterator[Reference]:
    """Every reference in a file, in its order."""
    code = blank_literals(text)
    for found in _PATH.finditer(code):
        parts = (found["root"], *_PART.findall(_INDEX.sub("", found["rest"])))
        yield Reference(parts, file, code.count("\n", 0, found.start()) + 1)


def blank_literals(text: str) -> str:
    """The text with spaces for comments and for whatever is literal; lines stay where they are."""
    return _Blanker(text).run()


class _Blanker:
    """Walks over a text; a template's expressions are code again, to any depth."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._at = 0

    def run(self) -> str:
        self._code(until="")
        return "".join(self._out)

    def _keep(self, count: int = 1) -> None:
        self._out.append(self._text[self._at : self._at + count])
        self._at += count

    def _blank(self, count: int = 1) -> None:
        self._out.extend(c if c == "\n" else " " for c in self._text[self._at : self._at + count])
        self._at += count

    def _code(self, until: str) -> None:
        """Code up to a closing brace of its own (`until` = "}"), or to the end."""
        depth = 0
        while self._at < len(self._text):
            rest = self._text[self._at : self._at + 2]
            if rest[0] == "#" or rest == "//":
                self._blank_to("\n")
            elif rest == "/*":
                self._blank_to("*/")
            elif rest[0] == '"':
                self._blank()
                self._literal('"')
            elif found := _HEREDOC.match(self._text, self._at):
                self._blank(found.end() - found.start())
                end = re.compile(rf"^\s*{found[1]}\s*$", re.MULTILINE).search(self._text, self._at)
                self._literal("", stop=end.start() if end else len(self._text))
                self._blank(end.end() - end.start() if end else 0)
            elif until and rest[0] == until and depth == 0:
                return
            else:
                depth += (rest[0] == "{") - (rest[0] == "}")
                self._keep()

    def _blank_to(self, end: str) -> None:
        found = self._text.find(end, self._at)
        stop = len(self._text) if found < 0 else found
        self._blank(stop - self._at + (len(end) if end != "\n" else 0))

    def _literal(self, quote: str, stop: int | None = None) -> None:
        """Literal text up to its quote, or up to a place."""
        end = len(self._text) if stop is None else stop
        while self._at < end:
            rest = self._text[self._at : self._at + 3]
            if rest in {"$${", "%%{"}:
                self._blank(3)
            elif rest[:2] in {"${", "%{"}:
                self._blank(2)
                self._code(until="}")
                self._blank()
            elif quote and rest[0] == "\\":
                self._blank(2)
            elif quote and rest[0] == quote:
                self._blank()
                return
            else:
                self._blank()

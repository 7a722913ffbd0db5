"""The declarations of a Lean file with their names and bodies, found in its text alone.

Any text is accepted, in linear time. What a project's own macros declare is not seen, and nothing here knows types,
imports or whether the text is right.
"""

import re
from collections.abc import Iterator

from attrs import field, frozen

from lean_sidekick.core.commands import Command, any_of, end_of_header, find_commands
from lean_sidekick.core.scanner import BRACKET_PAIRS, IDENTIFIER, KEYWORDS, NOT_IN_WORD, WORD_END, Scan
from lean_sidekick.core.sites import Declaration

_NAME = re.compile(rf"\s*+({IDENTIFIER})")
_PRIORITY = re.compile(r"\s*+\(\s*(?:priority|prio)\b[^()]*\)")
_PRIVATE = re.compile(rf"{NOT_IN_WORD}private{WORD_END}")
_CLOSERS = frozenset(BRACKET_PAIRS.values())
_BRACKETS = "".join(re.escape(bracket) for pair in BRACKET_PAIRS.items() for bracket in pair)
# What decides where the body of a declaration begins; `||`, `<|` and the like are no alternatives.
_SIGNATURE_MARK = re.compile(
    rf"[{_BRACKETS}]|:=|=>|↦|(?<![<|])\|(?![|>])|λ|{NOT_IN_WORD}{any_of(['let', 'have', 'fun', 'match', 'where'])}"
)
_UNIVERSES_OR_BODY_MARK = re.compile(r"^\.\{[^{}]*\}\s*|\s*(?::=|(?<!\w)where)$")


@frozen(kw_only=True, eq=False)
class _Scope:
    """One component of a `namespace`, or a `section` or `mutual` (`name` is ""), with what it stands in."""

    parent: "_Scope | None"
    outer_namespace: "_Scope | None"
    name: str
    mutual_start: int | None

    @property
    def namespace(self) -> str:
        """The full name of the innermost namespace."""
        components: list[str] = []
        scope: _Scope | None = self
        while scope is not None:
            components.append(scope.name)
            scope = scope.outer_namespace
        return ".".join(filter(None, reversed(components)))


@frozen
class Outline:
    """The commands of a text, found once for several questions."""

    text: str
    scan: Scan = field(init=False, repr=False, eq=False)
    commands: tuple[Command, ...] = field(init=False, repr=False, eq=False)

    @scan.default
    def _make_scan(self) -> Scan:
        return Scan(self.text)

    @commands.default
    def _find_commands(self) -> tuple[Command, ...]:
        return tuple(find_commands(self.scan))

    def declarations(self) -> tuple[Declaration, ...]:
        """All declarations in order."""
        return tuple(self._declare(command, scope) for command, scope in self._places() if command.is_declaration)

    def declaration_at(self, offset: int) -> Declaration | None:
        """The declaration that an offset belongs to; what follows it up to the next command counts as its own."""
        found = None
        for command, scope in self._places():
            if command.start > offset:
                break
            found = command, scope
        return self._declare(*found) if found is not None and found[0].is_declaration else None

    def command_span(self, declaration: Declaration) -> tuple[int, int]:
        """Where the whole command of a declaration begins and ends: its `mutual … end` if it stands in one."""
        scope = next((scope for command, scope in self._places() if command.start == declaration.start), None)
        if scope is None or scope.mutual_start is None:
            return declaration.start, declaration.end
        ends = (c.end for c in self.commands if c.keyword == "end" and c.start >= declaration.end)
        return scope.mutual_start, next(ends, len(self.text))

    def _places(self) -> Iterator[tuple[Command, _Scope | None]]:
        """Each command with the innermost scope that it stands in."""
        scope: _Scope | None = None
        for command in self.commands:
            yield command, scope
            if command.keyword == "mutual":
                scope = _enter(scope, "", command.start)
            elif command.keyword in ("namespace", "section", "end"):
                name = _name_after(self.scan.code, command.keyword_end, command.end)
                for component in split_name(name) if name else [""]:
                    if command.keyword == "end":
                        scope = scope.parent if scope else None
                    else:
                        scope = _enter(scope, component if command.keyword == "namespace" else "", None)

    def _declare(self, command: Command, scope: _Scope | None) -> Declaration:
        code = self.scan.code
        priority = _PRIORITY.match(code, command.keyword_end, command.end)
        name_from = priority.end() if priority else command.keyword_end
        name = None if command.keyword == "example" else _name_after(code, name_from, command.end)
        signature_start = code.find(name, name_from) + len(name) if name else name_from
        return Declaration(
            keyword=" ".join(command.keyword.split()),
            name=name,
            full_name=_full_name(scope.namespace if scope else "", name),
            start=command.start,
            keyword_start=command.keyword_start,
            body_start=_body_start(code, command, signature_start),
            end=command.end,
            is_private=_PRIVATE.search(code, command.start, command.keyword_start) is not None,
            is_mutual=scope is not None and scope.mutual_start is not None,
        )


def find_declarations(text: str) -> tuple[Declaration, ...]:
    """All declarations of a text in order, names resolved through `namespace`, `section` and `end`."""
    return Outline(text).declarations()


def command_span(text: str, declaration: Declaration) -> tuple[int, int]:
    """Where the whole command of a declaration begins and ends: its `mutual … end` if it stands in one."""
    return Outline(text).command_span(declaration)


def program_commands(text: str) -> tuple[Command, ...]:
    """The commands that only run programs, such as `#eval` and `run_cmd`."""
    return tuple(command for command in Outline(text).commands if command.runs_programs)


def blank_programs(text: str, until: int) -> str:
    """The text with each command that only runs programs and begins before `until` blanked by spaces.

    Newlines and the number of code points stay, so all offsets hold; a character outside the Basic Multilingual
    Plane becomes one space, which moves UTF-16 columns only behind it on its own line.
    """
    pieces: list[str] = []
    done = 0
    for command in program_commands(text):
        if command.start < until:
            pieces += [text[done : command.start], re.sub(r"[^\r\n]", " ", text[command.start : command.end])]
            done = command.end
    return "".join([*pieces, text[done:]])


def header_end(text: str) -> int:
    """The offset just after the last token of `module`, `prelude` and the imports; 0 if there are none."""
    return end_of_header(Scan(text).code)


def split_name(name: str) -> list[str]:
    """The components of a name; dots inside guillemets do not count."""
    return re.findall(r"«[^»]*»|[^.«]+", name)


def statement_text(scan: Scan, declaration: Declaration) -> str:
    """Binders and type of a declaration on one line, without comments and universe parameters."""
    start = declaration.keyword_start + len(declaration.keyword)
    if declaration.name is not None:
        start = scan.code.find(declaration.name, start) + len(declaration.name)
    end = declaration.end if declaration.body_start is None else declaration.body_start
    statement = " ".join(scan.without_comments(start, end).split())
    return _UNIVERSES_OR_BODY_MARK.sub("", statement)


def _enter(scope: _Scope | None, name: str, mutual_start: int | None) -> _Scope:
    if scope is None:
        return _Scope(parent=None, outer_namespace=None, name=name, mutual_start=mutual_start)
    return _Scope(
        parent=scope,
        outer_namespace=scope if scope.name else scope.outer_namespace,
        name=name,
        mutual_start=scope.mutual_start if mutual_start is None else mutual_start,
    )


def _name_after(code: str, start: int, end: int) -> str | None:
    match = _NAME.match(code, start, end)
    if match is None or match[1] in KEYWORDS or match[1] == "_":
        return None
    return match[1]


def _full_name(namespace: str, name: str | None) -> str | None:
    if name is None or not namespace:
        return name.removeprefix("_root_.") if name else None
    return name.removeprefix("_root_.") if name.startswith("_root_.") else f"{namespace}.{name}"


def _body_start(code: str, command: Command, signature_start: int) -> int | None:
    """Just after `:=` or `where`, or before the `|` of the first alternative; None without a body."""
    is_inductive = command.keyword.split()[-1] in ("inductive", "structure", "class")
    depth = lets = funs = matches = 0
    after_fun = -1  # the offset just after the last `fun`
    alternative: int | None = None
    for match in _SIGNATURE_MARK.finditer(code, signature_start, command.end):
        mark = match.group()
        if mark in BRACKET_PAIRS:
            depth += 1
        elif mark in _CLOSERS:
            depth -= 1
        elif depth > 0:
            continue
        elif mark in ("let", "have"):
            lets += 1
        elif mark in ("fun", "λ"):
            funs += 1
            after_fun = match.end()
        elif mark == "|" and after_fun >= 0 and not code[after_fun : match.start()].strip():
            funs, matches = funs - 1, matches + 1
        elif mark == "match":
            matches += 1
        elif mark == ":=" and lets:
            lets -= 1
        elif mark in (":=", "where"):
            return match.end()
        elif mark == "|" and is_inductive:
            return match.start()
        elif mark == "|" and alternative is None and not matches:
            alternative = match.start()
        elif mark in ("=>", "↦") and funs:
            funs -= 1
        elif mark == "=>" and alternative is not None:
            return alternative
    return None

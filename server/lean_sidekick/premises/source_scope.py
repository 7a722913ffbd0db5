"""What surrounds a declaration in a source file: namespaces, sections, `variable`s and `open`s, as far as text tells.

A `Scopes` is fed the commands of a file in order. It knows no types: a variable belongs to a declaration if its name is
mentioned, an instance if all it speaks of does. Variables that Lean adds because a proof mentions them are not seen.
"""

import re
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from attrs import define, evolve, field, frozen

from lean_sidekick.core.commands import Command
from lean_sidekick.core.declarations import split_name
from lean_sidekick.core.scanner import BRACKET_PAIRS, IDENTIFIER, Scan, Token, TokenKind

_NAMED = re.compile(rf"\s*({IDENTIFIER})")
_OPEN = re.compile(rf"\bopen\s+(?!scoped\b)((?:{IDENTIFIER}\s*)+)")
_IDENTIFIERS = re.compile(IDENTIFIER)
_OPEN_MODIFIERS = frozenset({"in", "hiding", "renaming", "scoped"})


@frozen(kw_only=True)
class Binder:
    """One group of variables with its brackets; `type` is the text after the colon, None if there is none."""

    bracket: str
    names: tuple[str, ...]
    type: str | None

    @property
    def text(self) -> str:
        """The group as it stands in a signature."""
        inside = " ".join(self.names)
        if self.type is not None:
            inside = f"{inside} : {self.type}" if inside else self.type
        return f"{self.bracket}{inside}{BRACKET_PAIRS[self.bracket]}"


@define(kw_only=True)
class _Scope:
    name: str
    binders: list[Binder] = field(factory=list)
    brackets: dict[str, str] = field(factory=dict)
    opens: list[str] = field(factory=list)
    included: set[str] = field(factory=set)


@define
class Scopes:
    """The scopes that are open at one place of a file."""

    scan: Scan
    _stack: list[_Scope] = field(init=False)

    @_stack.default
    def _outermost(self) -> list[_Scope]:
        return [_Scope(name="")]

    @property
    def namespace(self) -> str:
        """The full name of the innermost namespace, "" outside of all."""
        return ".".join(scope.name for scope in self._stack if scope.name)

    def enter(self, command: Command) -> None:
        """Takes a command that is no declaration."""
        rest = self.scan.code[command.keyword_end : command.end]
        match command.keyword:
            case "namespace" | "section":
                is_namespace = command.keyword == "namespace"
                for part in _parts(rest):
                    self._stack.append(_Scope(name=part if is_namespace else ""))
            case "mutual":
                self._stack.append(_Scope(name=""))
            case "end":
                del self._stack[max(1, len(self._stack) - len(_parts(rest))) :]
            case "variable" | "variables":
                self._add_variables(command)
            case "open":
                self._stack[-1].opens += opened_names(self.scan.code[command.keyword_start : command.end])
            case "include":
                self._stack[-1].included.update(_IDENTIFIERS.findall(rest))
            case "omit":
                for scope in self._stack:
                    scope.included.difference_update(_IDENTIFIERS.findall(rest))

    def prefixes(self, prelude: str) -> list[str]:
        """Where a name in a declaration is looked up: its namespaces, inner ones first, then what is opened, by a
        command or by `open … in` in the text before its keyword; "" for the name itself."""
        namespaces: list[str] = []
        for scope in self._stack:
            if scope.name:
                namespaces.insert(0, f"{namespaces[0]}.{scope.name}" if namespaces else scope.name)
        opens = [name for scope in self._stack for name in scope.opens] + opened_names(prelude)
        # What is opened may itself stand in one of the namespaces.
        inner = [f"{namespace}.{name}" for name in opens for namespace in namespaces]
        return list(dict.fromkeys([*namespaces, *inner, *opens, ""]))

    def binders_of(self, statement: str, own_names: Container[str]) -> list[Binder]:
        """The variables that belong to a declaration with this statement and binders of these names, in order."""
        binders = _visible([binder for scope in self._stack for binder in scope.binders])
        brackets = {name: bracket for scope in self._stack for name, bracket in scope.brackets.items()}
        index_of = {name: index for index, binder in enumerate(binders) for name in binder.names}
        wanted = {name for name in _mentioned(statement) if name not in own_names}
        wanted |= {name for scope in self._stack for name in scope.included}
        used: set[int] = set()
        has_grown = True
        while has_grown:
            has_grown = False
            for index, binder in enumerate(binders):
                if index not in used and wanted.intersection(binder.names):
                    used.add(index)
                    wanted |= _mentioned(binder.type or "")
                    has_grown = True
        for index, binder in enumerate(binders):
            speaks_of = [index_of[name] for name in _mentioned(binder.type or "") if name in index_of]
            # One that stands before a variable speaks of an older one of that name.
            if binder.bracket == "[" and speaks_of and all(i in used and i < index for i in speaks_of):
                used.add(index)
        found: list[Binder] = []
        for index in sorted(used):
            binder = binders[index]
            if binder.bracket == "[":
                found.append(binder)
                continue
            names = [name for name in binder.names if name in wanted]
            for bracket, group in groupby(names, key=lambda name: brackets.get(name, binder.bracket)):
                found.append(evolve(binder, bracket=bracket, names=tuple(group)))
        return found

    def _add_variables(self, command: Command) -> None:
        known = {name for scope in self._stack for binder in scope.binders for name in binder.names}
        scope = self._stack[-1]
        for binder in read_binders(self.scan, command.keyword_end, command.end):
            if binder.type is None and known.intersection(binder.names):
                # `variable {α}` changes the brackets of a variable that is there.
                scope.brackets.update(dict.fromkeys(binder.names, binder.bracket))
            else:
                scope.binders.append(binder)


def read_binders(scan: Scan, start: int, end: int) -> Iterator[Binder]:
    """The groups in brackets between two offsets."""
    depth, group = 0, list[Token]()
    for token in scan.code_tokens(start, end):
        if token.kind is TokenKind.OPEN:
            depth += 1
        elif token.kind is TokenKind.CLOSE:
            depth -= 1
        if depth > 0:
            group.append(token)
        elif group:
            if group[0].text in ("(", "{", "[", "⦃"):
                yield _binder(scan, group, token.start)
            group = []


def opened_names(text: str) -> list[str]:
    """The namespaces that the `open`s in a text name whole; `open A (x)` and `open scoped A` are none."""
    found: list[str] = []
    for match in _OPEN.finditer(text):
        if text[match.end() :].lstrip().startswith("("):
            continue
        for name in _IDENTIFIERS.findall(match[1]):
            if name in _OPEN_MODIFIERS:
                break
            found.append(name)
    return found


def _visible(binders: Iterable[Binder]) -> list[Binder]:
    """The variables without those that a later one of the same name hides."""
    taken: set[str] = set()
    found: list[Binder] = []
    for binder in reversed(list(binders)):
        names = tuple(name for name in binder.names if name not in taken)
        if names or not binder.names:
            found.insert(0, evolve(binder, names=names))
            taken.update(names)
    return found


def _binder(scan: Scan, group: list[Token], end: int) -> Binder:
    bracket = group[0].text
    depth = 0
    for index, token in enumerate(group):
        depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)
        if token.text == ":" and depth == 1:
            names = tuple(t.text for t in group[1:index] if t.kind is TokenKind.IDENTIFIER or t.text == "_")
            return Binder(bracket=bracket, names=names, type=_one_line(scan, token.end, end))
    inside = group[1:]
    if bracket == "[" or any(token.kind is not TokenKind.IDENTIFIER for token in inside):
        return Binder(bracket=bracket, names=(), type=_one_line(scan, group[0].end, end))
    return Binder(bracket=bracket, names=tuple(token.text for token in inside), type=None)


def _one_line(scan: Scan, start: int, end: int) -> str:
    return " ".join(scan.without_comments(start, end).split())


@lru_cache(maxsize=1024)
def _mentioned(text: str) -> frozenset[str]:
    """The first components of all identifiers; the types of variables are asked about again and again."""
    return frozenset(split_name(name)[0] for name in _IDENTIFIERS.findall(text))


def _parts(rest: str) -> list[str]:
    """The components of the name after `namespace`, `section` or `end`; one without a name."""
    match = _NAMED.match(rest)
    return split_name(match[1]) if match else [""]

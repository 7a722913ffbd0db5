"""What a declaration of a type brings with it, as far as its text says: constructors and projections. Pure.

Statements are those that Lean gives them: parameters of the type in front, in braces, and the structure itself as an
argument of its projections. Fields that come by `extends` are not seen, and no constructor is made where there are
some.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from attrs import define, evolve, field, frozen

from lean_sidekick.core.arguments import leading_groups
from lean_sidekick.core.scanner import IDENTIFIER, Region, Scan, TokenKind
from lean_sidekick.core.sites import Declaration
from lean_sidekick.premises.source_scope import Binder, read_binders

_CONSTRUCTOR = re.compile(rf"(?<!\|)\|(?!\|)\s*(?:(?:private|protected)\s+)?({IDENTIFIER})")
_NAMED_CONSTRUCTOR = re.compile(rf"\s*(?:(?:private|protected)\s+)?({IDENTIFIER})\s*::")
_FIELD = re.compile(
    rf"(?:^[ \t]+|\A[ \t]*)(?P<field>(?:@\[[^\]]*\]\s*)?(?:(?:private|protected)\s+)?"
    rf"(?P<names>{IDENTIFIER}(?:[ \t]+{IDENTIFIER})*))[ \t]*(?=:(?!=)|[({{\[])",
    re.M,
)
_END_OF_FIELD = re.compile(r":=|\bderiving\b")


@frozen(kw_only=True)
class SourcePart:
    """One constant; `name` is its last part. `start` and `end` are offsets into the file."""

    name: str
    kind: str
    statement: str
    doc: str
    start: int
    end: int


def source_parts(scan: Scan, declaration: Declaration, statement: str) -> Iterator[SourcePart]:
    """The constructors of an inductive type, or the projections and the constructor of a structure or class.

    `statement` is that of the declaration, with the variables around it.
    """
    kind = declaration.keyword.split()[-1]
    if declaration.body_start is None or declaration.name is None:
        return
    groups = leading_groups(statement)
    own = Scan(groups)
    reader = _Parts(
        scan=scan,
        declaration=declaration,
        start=declaration.body_start,
        parameters=tuple(read_binders(own, 0, len(groups))),
        is_class=declaration.keyword.startswith("class"),
    )
    if kind == "inductive":
        yield from reader.constructors()
    elif kind in ("structure", "class"):
        fields = list(reader.fields())
        yield from map(reader.projection, fields)
        if "extends" not in statement[len(groups) :].split():
            yield reader.constructor(fields)


@define(kw_only=True)
class _Parts:
    scan: Scan
    declaration: Declaration
    start: int
    parameters: tuple[Binder, ...]
    is_class: bool
    docs: tuple[Region, ...] = field(init=False)

    @docs.default
    def _find_docs(self) -> tuple[Region, ...]:
        return tuple(
            region
            for region in self.scan.regions_between(self.start, self.declaration.end)
            if region.kind is TokenKind.DOC_COMMENT
        )

    def constructors(self) -> Iterator[SourcePart]:
        """Those of an inductive type, after `|`."""
        matches = list(_CONSTRUCTOR.finditer(self.scan.code, self.start, self.declaration.end))
        for match, following in zip_longest(matches, matches[1:]):
            part = self._part(match[1], match.start(1), match.end(), following.start() if following else None)
            takes = leading_groups(part.statement)
            rest = part.statement[len(takes) :].strip()
            shown = _joined(self._implicit(), takes, rest if rest.startswith(":") else f": {self._type()}")
            yield evolve(part, kind="constructor", statement=shown, doc=self._doc(match.start()))

    def fields(self) -> Iterator[SourcePart]:
        """Those of a structure, with what its text says of each: `(x : α) : x = x`."""
        code = self.scan.code
        start = named.end() if (named := _NAMED_CONSTRUCTOR.match(code, self.start)) else self.start
        body = code[start : self.declaration.end]
        if body.lstrip()[:1] in ("(", "{", "["):
            for binder in read_binders(self.scan, start, self.declaration.end):
                for name in binder.names if binder.type is not None else ():
                    yield SourcePart(
                        name=name, kind="def", statement=f": {binder.type}", doc="", start=start, end=start
                    )
            return
        # What stands deeper than the fields belongs to one of them: a proof of a default value, a long type.
        matches = list(_FIELD.finditer(body))
        columns = [_column(body, match.start("field")) for match in matches]
        least = min((column for column in columns if column is not None), default=None)
        matches = [match for match, column in zip(matches, columns, strict=True) if column in (None, least)]
        for match, following in zip_longest(matches, matches[1:]):
            end = None if following is None else start + following.start()
            for name in match["names"].split():
                part = self._part(name, start + match.start("names"), start + match.end(), end)
                yield evolve(part, doc=self._doc(start + match.start("field")))

    def projection(self, one: SourcePart) -> SourcePart:
        """A field as a function of the structure."""
        itself = f"[self : {self._type()}]" if self.is_class else f"(self : {self._type()})"
        return evolve(one, statement=_joined(self._implicit(), itself, one.statement))

    def constructor(self, fields: Sequence[SourcePart]) -> SourcePart:
        """The structure's constructor."""
        named = _NAMED_CONSTRUCTOR.match(self.scan.code, self.start)
        takes = " ".join(f"({one.name} : {_as_type(one.statement)})" for one in fields)
        return SourcePart(
            name=named[1] if named else "mk",
            kind="constructor",
            statement=_joined(self._implicit(), takes, f": {self._type()}"),
            doc="",
            start=self.declaration.keyword_start,
            end=self.declaration.end,
        )

    def _part(self, name: str, start: int, text_start: int, following: int | None) -> SourcePart:
        end = self.declaration.end if following is None else following
        if tail := _END_OF_FIELD.search(self.scan.code, text_start, end):
            end = tail.start()
        statement = " ".join(self.scan.without_comments(text_start, end).split())
        last = start + len(self.scan.code[start:end].rstrip())
        return SourcePart(name=name, kind="def", statement=statement, doc="", start=start, end=last)

    def _doc(self, offset: int) -> str:
        """The doc string that ends right before an offset."""
        for region in reversed(self.docs):
            if region.end <= offset:
                is_next = not self.scan.code[region.end : offset].strip()
                return self.scan.text[region.start + 3 : region.end - 2].strip() if is_next else ""
        return ""

    def _implicit(self) -> str:
        return " ".join(evolve(b, bracket="{").text if b.bracket == "(" else b.text for b in self.parameters)

    def _type(self) -> str:
        names = [name for binder in self.parameters if binder.bracket == "(" for name in binder.names]
        return " ".join([self.declaration.name or "", *names])


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _column(text: str, offset: int) -> int | None:
    """The column of an offset; None on the first line, which is not begun here."""
    line = text.rfind("\n", 0, offset)
    return None if line < 0 else offset - line - 1


def _as_type(statement: str) -> str:
    """The type of what has this statement: `(x : α) : x = x` is `∀ (x : α), x = x`."""
    groups = leading_groups(statement)
    rest = statement[len(groups) :].strip().removeprefix(":").strip()
    return f"∀ {groups}, {rest}" if groups else rest

"""Premises from source text alone, for where Lean cannot be asked: no Lean, or imports that are not built. Pure.

Namespaces, sections, variables and `open` are resolved as far as text can. What it cannot see: what macros and
attributes declare (`simps`; of `to_additive` what `source_names.py` can guess), instances without a name, types that
are not written down, notations. Private and unsafe declarations are left out; any text is accepted.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache

from attrs import define, evolve, field

from lean_sidekick.core.commands import Command
from lean_sidekick.core.declarations import Outline, split_name, statement_text
from lean_sidekick.core.positions import TextMap
from lean_sidekick.core.premises import CorpusFile, Premise, premises_above
from lean_sidekick.core.scanner import IDENTIFIER, Scan, TokenKind
from lean_sidekick.core.sites import Declaration
from lean_sidekick.lean.header import find_header
from lean_sidekick.premises.source_names import (
    additive_name,
    additive_statement,
    alias_names,
    alias_statement,
    attribute_entries,
    given_attributes,
)
from lean_sidekick.premises.source_parts import source_parts
from lean_sidekick.premises.source_scope import Scopes, read_binders

_ATTRIBUTE_COMMAND = re.compile(r"\s*\[([^\[\]]*)\]")
_SCOPED = re.compile(r"\s*(?:local|scoped)\b")
_NAME = re.compile(r"[^\s(,\]\"]+")
_DEPRECATED = re.compile(rf"deprecated\b\s*(?:(?P<name>(?!since\b){IDENTIFIER})|\"(?P<text>[^\"]*)\")?")
_IDENTIFIERS = re.compile(IDENTIFIER)
_PROVED = frozenset({"theorem", "lemma"})
_MOST_USES = 256
_UNSAFE = re.compile(r"\bunsafe\b")
_PROTECTED = re.compile(r"\bprotected\b")
_BOUND = re.compile(rf"(?:[∀∃∑∏λ]|\b(?:fun|Σ))\s*((?:{IDENTIFIER}\s*)+)")


@define
class KnownNames:
    """The names declared so far, to resolve the names in statements by. `protected` ones need their last namespace.

    `proved` are the theorems and axioms among them.
    """

    declared: set[str] = field(factory=set)
    protected: set[str] = field(factory=set)
    proved: set[str] = field(factory=set)

    def resolve(self, name: str, prefixes: Iterable[str]) -> str | None:
        """The full name of what a name in a statement means; what stands behind it may be a field of its value."""
        if name.startswith("_root_."):
            name, prefixes = name.removeprefix("_root_."), ("",)
        parts = split_name(name)
        for count in range(len(parts), 0, -1):
            short = ".".join(parts[:count])
            for prefix in prefixes:
                full = f"{prefix}.{short}" if prefix else short
                if full in self.declared and (count > 1 or not prefix or full not in self.protected):
                    return full
        return None


def read_source(text: str, path: str, module: str, known: KnownNames | None = None) -> CorpusFile:
    """The premises of one source file.

    With `known`, which should hold the names of what the file imports, `constants` are resolved, and the file's own
    names are added to it.
    """
    outline = Outline(text)
    return CorpusFile(
        path=path,
        module=module,
        imports=find_header(text).imports,
        premises=tuple(_with_attribute_commands(_SourceReader(outline, module, known).read(), outline)),
    )


def declarations_above(text: str, offset: int) -> tuple[Premise, ...]:
    """All that a text declares and that ends at or before an offset, in order, with what its source says of each.

    Private declarations are among them: the file itself may use them. Nothing is known of other files, so `uses` has
    every name that a word of the proof may be short for, whether there is such a premise or not.
    """
    end = TextMap(text).position(offset)
    found = [one for one in read_source(text, path="", module="").premises if one.end is not None and one.end <= end]
    names = {premise.full_name for premise in found}
    found += [premise for premise in premises_above(text, offset) if premise.full_name not in names]
    return tuple(sorted(found, key=lambda premise: premise.start or end))


def written_attributes(text: str) -> dict[str, tuple[str, ...]]:
    """The attributes that a source file gives to its own declarations, by full name."""
    return {
        premise.full_name: premise.attributes
        for premise in read_source(text, path="", module="").premises
        if premise.attributes
    }


@define
class _SourceReader:
    outline: Outline
    module: str
    known: KnownNames | None
    scopes: Scopes = field(init=False)
    text_map: TextMap = field(init=False)

    @scopes.default
    def _make_scopes(self) -> Scopes:
        return Scopes(self.outline.scan)

    @text_map.default
    def _make_text_map(self) -> TextMap:
        return TextMap(self.outline.text)

    def read(self) -> Iterator[Premise]:
        declarations = iter(self.outline.declarations())
        said: dict[str, Premise] = {}  # what has been read, to say what its aliases say
        for command in self.outline.commands:
            if command.keyword == "alias":
                yield from self._kept(self._aliases(command, said), command)
                continue
            if not command.is_declaration:
                self.scopes.enter(command)
                continue
            declaration = next(declarations)
            if declaration.full_name is None or declaration.is_private:
                continue
            if _UNSAFE.search(self._prelude(command)):
                continue  # no proof may use it
            premise = self._premise(command, declaration)
            found = [premise, *self._parts(premise, declaration), *self._additive(premise, command)]
            said.update((one.full_name, one) for one in found)
            yield from self._kept(found, command)

    def _kept(self, premises: Iterable[Premise], command: Command) -> Iterator[Premise]:
        """The premises, which are known from now on."""
        is_protected = _PROTECTED.search(self._prelude(command)) is not None
        for premise in premises:
            if self.known is not None:
                self.known.declared.add(premise.full_name)
                if is_protected:
                    self.known.protected.add(premise.full_name)
                if premise.kind in _PROVED or premise.kind == "axiom":
                    self.known.proved.add(premise.full_name)
            yield premise

    def _aliases(self, command: Command, said: Mapping[str, Premise]) -> Iterator[Premise]:
        found = alias_names(self.outline.scan.code[command.keyword_end : command.end])
        if found is None:
            return
        target, names = found
        prelude = self._prelude(command)
        full_names = (f"{prefix}.{target}" if prefix else target for prefix in self.scopes.prefixes(prelude))
        original = next((said[name] for name in full_names if name in said), None)
        attributes, deprecated = _read_attributes(prelude)
        for name, side in names:
            statement = "" if original is None else alias_statement(original.statement, side)
            is_from_root = name.startswith("_root_.")
            namespace = "" if is_from_root else self.scopes.namespace
            yield Premise(
                full_name=".".join(filter(None, (namespace, name.removeprefix("_root_.")))),
                kind="theorem" if original is None else original.kind,
                statement=statement,
                module=self.module or None,
                doc=_doc(self.outline.scan, command),
                start=self.text_map.position(command.start),
                end=self.text_map.position(command.end),
                attributes=attributes,
                deprecated=deprecated,
                constants=self._constants(statement, prelude),
            )

    def _additive(self, premise: Premise, command: Command) -> Iterator[Premise]:
        """The twin that `to_additive` makes, as far as text tells."""
        prelude = self._prelude(command)
        for entry in attribute_entries(prelude):
            name = additive_name(premise.full_name, entry)
            if name is None or name == premise.full_name:
                continue
            statement = additive_statement(premise.statement)
            yield evolve(
                premise,
                full_name=name,
                statement=statement,
                doc="",
                attributes=given_attributes(entry),
                constants=self._constants(statement, prelude),
                uses=None,  # the twins of those
            )

    def _premise(self, command: Command, declaration: Declaration) -> Premise:
        scan = self.outline.scan
        own = statement_text(scan, declaration)
        own_names = {name for names in _binders(own) for name in names}
        inherited = [binder.text for binder in self.scopes.binders_of(own, own_names)]
        prelude = self._prelude(command)
        attributes, deprecated = _read_attributes(prelude)
        statement = " ".join([*inherited, own]).strip()
        return Premise(
            full_name=declaration.full_name or "",
            kind=declaration.keyword,
            statement=statement,
            module=self.module or None,
            doc=_doc(scan, command),
            start=self.text_map.position(declaration.start),
            end=self.text_map.position(declaration.end),
            attributes=attributes,
            deprecated=deprecated,
            constants=self._constants(statement, prelude),
            uses=self._uses(declaration, prelude, own_names),
        )

    def _uses(self, declaration: Declaration, prelude: str, own_names: Container[str]) -> tuple[str, ...] | None:
        """The names in a proof: what they mean, or, where no names are known, all that they might mean."""
        if declaration.keyword not in _PROVED or declaration.body_start is None:
            return None
        prefixes = self.scopes.prefixes(prelude)
        found: dict[str, None] = {}
        for name in dict.fromkeys(
            _IDENTIFIERS.findall(self.outline.scan.code, declaration.body_start, declaration.end)
        ):
            if len(name) == 1 or split_name(name)[0] in own_names:
                continue
            if self.known is None:
                found.update(dict.fromkeys(f"{prefix}.{name}" if prefix else name for prefix in prefixes))
            elif (full := self.known.resolve(name, prefixes)) in self.known.proved and full is not None:
                found[full] = None
            if len(found) >= _MOST_USES:
                break
        return tuple(found)

    def _parts(self, parent: Premise, declaration: Declaration) -> Iterator[Premise]:
        """The constructors of an inductive type, the projections and the constructor of a structure or class."""
        for part in source_parts(self.outline.scan, declaration, parent.statement):
            yield Premise(
                full_name=f"{parent.full_name}.{part.name}",
                kind=part.kind,
                statement=part.statement,
                module=parent.module,
                doc=part.doc,
                start=self.text_map.position(part.start),
                end=self.text_map.position(part.end),
                constants=self._constants(part.statement, ""),
            )

    def _prelude(self, command: Command) -> str:
        """What stands before the keyword of a command: attributes, modifiers, `open … in`."""
        return self.outline.scan.without_comments(command.start, command.keyword_start)

    def _constants(self, statement: str, prelude: str) -> tuple[str, ...] | None:
        if self.known is None:
            return None
        prefixes = self.scopes.prefixes(prelude)
        local = {name for names in _binders(statement) for name in names}
        for match in _BOUND.finditer(statement):
            local.update(match[1].split())
        found: dict[str, None] = {}
        for name in _IDENTIFIERS.findall(statement):
            if split_name(name)[0] not in local:
                full = self.known.resolve(name, prefixes)
                if full is not None:
                    found[full] = None
        return tuple(found)


@lru_cache(maxsize=1024)
def _binders(statement: str) -> list[tuple[str, ...]]:
    """The names of each group in brackets of a statement."""
    scan = Scan(statement)
    return [binder.names for binder in read_binders(scan, 0, len(statement)) if binder.type is not None]


def _doc(scan: Scan, command: Command) -> str:
    """The doc string of a command, which may stand behind `open … in`."""
    for region in reversed(scan.regions_between(command.start, command.keyword_start)):
        if region.kind is TokenKind.DOC_COMMENT:
            return scan.text[region.start + 3 : region.end - 2].strip()
    return ""


def _read_attributes(prelude: str) -> tuple[tuple[str, ...], str | None]:
    """The names of the attributes in `@[…]`, and what is said of deprecation."""
    names: list[str] = []
    deprecated: str | None = None
    for entry in attribute_entries(prelude):
        if _SCOPED.match(entry):
            continue
        match = _NAME.search(entry)
        if match is None:
            continue
        names.append(match.group())
        names += given_attributes(entry)
        if found := _DEPRECATED.match(entry.strip()):
            deprecated = found["name"] or found["text"] or ""
    return tuple(dict.fromkeys(names)), deprecated


def _with_attribute_commands(premises: Iterable[Premise], outline: Outline) -> Iterator[Premise]:
    """The premises with what `attribute [simp] foo` adds to those of the same file."""
    added: list[tuple[str, str]] = []
    for command in outline.commands:
        rest = outline.scan.code[command.keyword_end : command.end]
        if command.keyword != "attribute" or (match := _ATTRIBUTE_COMMAND.match(rest)) is None:
            continue
        names, _ = _read_attributes(f"@[{match[1]}]")
        targets = _IDENTIFIERS.findall(rest[match.end() :])
        added += [(target, name) for target in targets for name in names if not name.startswith("-")]
    for premise in premises:
        full = f".{premise.full_name}"
        more = [name for target, name in added if full.endswith(f".{target}")] if added else []
        yield evolve(premise, attributes=tuple(dict.fromkeys((*premise.attributes, *more)))) if more else premise

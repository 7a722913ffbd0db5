"""The commands and declarations of a Lean file, found in its text alone.

A command begins with a command keyword (doc comment, attributes, modifiers and `… in` before it included) and ends
with its last token before the next command. Column 0 is where commands begin; deeper, only words that can be neither
tactic nor term begin one. Any text is accepted, in linear time. What a project's own macros declare is not seen, and
nothing here knows types, imports or whether the text is right.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from attrs import field, frozen

from lean_sidekick.core.scanner import BRACKET_PAIRS, IDENTIFIER, KEYWORDS, NOT_IN_WORD, Scan, TokenKind, words
from lean_sidekick.core.sites import Declaration

DECLARATION_KEYWORDS = frozenset(
    words("theorem lemma example def abbrev instance structure class inductive axiom opaque constant")
)
# Reserved for commands by core Lean, so that they begin one wherever they stand outside brackets.
_RESERVED = words(
    "theorem def example abbrev instance structure class inductive axiom mutual namespace section end variable "
    "universe attribute"
)
# These begin a command at the start of any line outside brackets; some Lean versions allow the last two as names.
_RESERVED_AT_LINE_START = words(
    "export macro macro_rules syntax notation infix infixl infixr prefix postfix elab elab_rules lemma opaque"
)
_MODIFIERS = words("private protected public noncomputable unsafe partial nonrec meta local scoped")
# Words at column 0 that go on with the command above.
_CONTINUATIONS = frozenset(
    words("""
    where deriving termination_by decreasing_by extends then else with from by do fun λ in at using have let show
    return if match calc finally
    """)
)
# Words, and last characters of words, after which a command cannot be at its end.
_EXPECTS_MORE = frozenset(
    words("by do then else fun λ from with in where let have show calc at using return extends match if forall")
)
_CAN_END = frozenset(")]}⟩⟫⟧⦄›⌋⌉»\"'!?_⊤⊥∅∞✝¹²³⁰⁴⁵⁶⁷⁸⁹")
_RUNS_PROGRAMS = re.compile(
    r"(?:#(?:eval|guard|lint|loogle|leansearch|moogle|statesearch|search|html|bench|lspec|test|exec|time|run\w*)[!?]?"
    r"|run_(?:cmd|elab|meta))$"
)

_WORD_END = r"(?![\w'!?])"


def _any_of(alternatives: Iterable[str]) -> str:
    return "(?:" + "|".join(alternatives) + ")" + _WORD_END


_ATTRIBUTE = r"@\[(?:[^\[\]]++|\[[^\[\]]*\])*+\]"
_PREFIX = rf"(?:(?:{_ATTRIBUTE}|{NOT_IN_WORD}{_any_of(_MODIFIERS)}(?:\[[^\[\]]*\])?)\s*+)*+"
_KEYWORD = (
    rf"deriving\s+instance{_WORD_END}|class\s+(?:inductive|abbrev){_WORD_END}|#[^\W\d][\w!?]*+"
    rf"|{_any_of([*_RESERVED, *_RESERVED_AT_LINE_START, 'open', 'set_option'])}"
)
# The first word of a line with what may stand before it in the same command; or, further on in a line, a reserved
# word, or what `set_option … in` may be put before.
_CANDIDATE = re.compile(
    rf"^(?P<blank>[ \t]*+)(?P<prefix>{_PREFIX})(?:(?P<keyword>{_KEYWORD})|(?P<word>[^\W\d][\w'!?]*+))"
    rf"|{NOT_IN_WORD}(?P<inner>{_any_of(_RESERVED)}|(?<=\sin\s)(?:#[^\W\d][\w!?]*+|run_(?:cmd|elab|meta){_WORD_END}))",
    re.MULTILINE,
)
_PREFIX_AT_END = re.compile(_PREFIX + "$")
_INDENTED_HASH = re.compile(r"#(?:eval|check|check_failure|print|reduce|synth|exit|guard|guard_msgs)!?$")
_KEYWORD_WITH_NAME = re.compile(rf"\w+\s+{IDENTIFIER}")
_OPTION_IN = re.compile(rf"(?:(?:open|set_option){_WORD_END}[^\n]*?{NOT_IN_WORD}in{_WORD_END}\s*)+")
_COMMAND = re.compile(_PREFIX + _KEYWORD)
_HEADER = re.compile(
    rf"\s*+(?:module{_WORD_END}\s*+)?(?:prelude{_WORD_END}\s*+)?"
    rf"(?:(?:(?:public|private|meta)\s++)*+import\s++(?:(?:all|runtime)\s++)?{IDENTIFIER}\s*+)*+"
)
_NAME = re.compile(rf"\s*+({IDENTIFIER})")
_PRIORITY = re.compile(r"\s*+\(\s*(?:priority|prio)\b[^()]*\)")
_PRIVATE = re.compile(rf"{NOT_IN_WORD}private{_WORD_END}")
_CLOSERS = frozenset(BRACKET_PAIRS.values())
_BRACKETS = "".join(re.escape(bracket) for pair in BRACKET_PAIRS.items() for bracket in pair)
# What decides where the body of a declaration begins; `||`, `<|` and the like are no alternatives.
_SIGNATURE_MARK = re.compile(
    rf"[{_BRACKETS}]|:=|=>|↦|(?<![<|])\|(?![|>])|λ|{NOT_IN_WORD}{_any_of(['let', 'have', 'fun', 'match', 'where'])}"
)
_UNIVERSES_OR_BODY_MARK = re.compile(r"^\.\{[^{}]*\}\s*|\s*(?::=|(?<!\w)where)$")
_LAST_WORD = re.compile(r"[^\W\d][\w'!?]*+$")


@frozen(kw_only=True)
class Command:
    """One command by offsets; `start` includes doc comment, attributes, modifiers and `… in`."""

    keyword: str
    start: int
    keyword_start: int
    end: int

    @property
    def keyword_end(self) -> int:
        """The offset just after the keyword."""
        return self.keyword_start + len(self.keyword)

    @property
    def is_declaration(self) -> bool:
        """Whether it declares something by a keyword of core Lean, or by `lemma`."""
        return self.keyword.split()[0] in DECLARATION_KEYWORDS

    @property
    def runs_programs(self) -> bool:
        """Whether all that it does is to run a program, or to ask one that may use the network."""
        return _RUNS_PROGRAMS.match(self.keyword) is not None


@frozen(kw_only=True)
class _Place:
    """A command with the namespace it stands in and the start of the `mutual` around it."""

    command: Command
    namespace: str
    mutual_start: int | None


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
        return tuple(_commands(self.scan))

    def declarations(self) -> tuple[Declaration, ...]:
        """All declarations in order."""
        return tuple(self._declare(place) for place in self._places() if place.command.is_declaration)

    def declaration_at(self, offset: int) -> Declaration | None:
        """The declaration that an offset belongs to; what follows it up to the next command counts as its own."""
        found = None
        for place in self._places():
            if place.command.start > offset:
                break
            found = place
        return self._declare(found) if found is not None and found.command.is_declaration else None

    def command_span(self, declaration: Declaration) -> tuple[int, int]:
        """Where the whole command of a declaration begins and ends: its `mutual … end` if it stands in one."""
        place = next(place for place in self._places() if place.command.start == declaration.start)
        if place.mutual_start is None:
            return declaration.start, declaration.end
        ends = (c.end for c in self.commands if c.keyword == "end" and c.start >= declaration.end)
        return place.mutual_start, next(ends, len(self.text))

    def _places(self) -> Iterator[_Place]:
        scopes: list[str] = []  # components of namespaces, and "" for each `section` and `mutual`
        mutuals: list[tuple[int, int]] = []  # their height in `scopes`, and their start
        for command in self.commands:
            mutual_start = mutuals[-1][1] if mutuals else None
            yield _Place(command=command, namespace=".".join(filter(None, scopes)), mutual_start=mutual_start)
            if command.keyword == "mutual":
                mutuals.append((len(scopes), command.start))
                scopes.append("")
            elif command.keyword in ("namespace", "section", "end"):
                name = _name_after(self.scan.code, command.keyword_end, command.end)
                components = split_name(name) if name else [""]
                if command.keyword == "end":
                    del scopes[max(0, len(scopes) - len(components)) :]
                    mutuals = [mutual for mutual in mutuals if mutual[0] < len(scopes)]
                else:
                    scopes += components if command.keyword == "namespace" else [""] * len(components)

    def _declare(self, place: _Place) -> Declaration:
        command, code = place.command, self.scan.code
        priority = _PRIORITY.match(code, command.keyword_end, command.end)
        name_from = priority.end() if priority else command.keyword_end
        name = None if command.keyword == "example" else _name_after(code, name_from, command.end)
        signature_start = code.find(name, name_from) + len(name) if name else name_from
        return Declaration(
            keyword=" ".join(command.keyword.split()),
            name=name,
            full_name=_full_name(place.namespace, name),
            start=command.start,
            keyword_start=command.keyword_start,
            body_start=_body_start(code, command, signature_start),
            end=command.end,
            is_private=_PRIVATE.search(code, command.start, command.keyword_start) is not None,
            is_mutual=place.mutual_start is not None,
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
    return _header_end(Scan(text).code)


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


def _commands(scan: Scan) -> Iterator[Command]:
    joined_start: int | None = None
    heads = list(_heads(scan))
    for head, following in zip_longest(heads, heads[1:]):
        limit = following.start if following else len(scan.code)
        own_text = scan.code[head.keyword_start : limit].rstrip()
        start = head.start if joined_start is None else joined_start
        last_word = _LAST_WORD.search(own_text, max(0, len(own_text) - 3))
        if following is not None and last_word is not None and last_word.group() == "in":
            joined_start = start
            continue
        joined_start = None
        yield Command(
            keyword=head.keyword,
            start=start,
            keyword_start=head.keyword_start,
            end=head.keyword_start + len(own_text),
        )


@frozen(kw_only=True)
class _Head:
    """The beginning of a command, before `open … in` and the like are joined to what follows them."""

    start: int
    keyword_start: int
    keyword: str


def _heads(scan: Scan) -> Iterator[_Head]:
    code = scan.code
    done = _header_end(code)
    depth = _Depth(code, done)
    docs = [region for region in scan.regions if region.kind is TokenKind.DOC_COMMENT]
    doc_ends = [region.end for region in docs]
    is_flat = False  # whether the command's lines stand at column 0, as in proofs that nobody indented
    for match in _CANDIDATE.finditer(code, done):
        keyword, keyword_start = match["keyword"], match.start("keyword")
        if match["inner"]:
            keyword, keyword_start = match["inner"], match.start("inner")
            if depth.at(keyword_start) > 0:
                continue
            line_start = max(done, code.rfind("\n", done, keyword_start) + 1)
            prefix = _PREFIX_AT_END.search(code, line_start, keyword_start)
            start = prefix.start() if prefix else keyword_start
        elif match["blank"]:
            if not keyword or not _can_be_indented(code, match) or depth.at(keyword_start) > 0:
                continue
            start = match.start("prefix")
        else:
            start = match.start("prefix")
            if not keyword:
                # A word that we do not know begins a command too, unless the text above goes on with it.
                is_flat = is_flat or _expects_more(code, done, start)
                if is_flat or match["word"] in _CONTINUATIONS:
                    continue
                keyword, keyword_start = match["word"], match.start("word")
        index = bisect_right(doc_ends, start) - 1
        if index >= 0 and docs[index].start >= done and not code[docs[index].end : start].strip():
            start = docs[index].start
        yield _Head(start=start, keyword_start=keyword_start, keyword=keyword)
        done, is_flat = keyword_start + len(keyword), False
        depth = _Depth(code, done)


def _can_be_indented(code: str, match: re.Match[str]) -> bool:
    """Whether a keyword that begins an indented line can only be a command there."""
    keyword, start = match["keyword"], match.start("keyword")
    if keyword.startswith("#"):
        return _INDENTED_HASH.match(keyword) is not None
    if keyword in ("lemma", "opaque"):
        return _KEYWORD_WITH_NAME.match(code, start) is not None
    if keyword in ("open", "set_option"):
        # `open … in` is a tactic and a term too.
        option = _OPTION_IN.match(code, start)
        return option is None or _COMMAND.match(code, option.end()) is not None
    return True


def _expects_more(code: str, start: int, offset: int) -> bool:
    """Whether the code from `start` up to `offset` ends with an operator, an opening bracket, `by` or the like."""
    while offset > start and code[offset - 1].isspace():
        offset -= 1
    last = code[offset - 1 : offset]
    if not (last.isalnum() or last in _CAN_END):
        return offset > start
    word = _LAST_WORD.search(code, max(start, offset - 8), offset)
    return word is not None and word.group() in _EXPECTS_MORE


class _Depth:
    """How many brackets are open at offsets that only grow."""

    def __init__(self, code: str, start: int) -> None:
        self._code = code
        self._done = start
        self._open = 0

    def at(self, offset: int) -> int:
        for opener, closer in ("()", "[]", "{}", "⟨⟩"):
            self._open += self._code.count(opener, self._done, offset) - self._code.count(closer, self._done, offset)
        self._done = offset
        return self._open


def _header_end(code: str) -> int:
    match = _HEADER.match(code)
    return len(match.group().rstrip()) if match else 0


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

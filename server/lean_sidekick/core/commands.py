"""The commands of a Lean file: where each begins and ends, found in its text alone.

A command begins with a command keyword (doc comment, attributes, modifiers and `… in` before it included) and ends
with its last token before the next command. Column 0 is where commands begin; deeper, only words that can be neither
tactic nor term begin one. Any text is accepted, in linear time. Commands that a project defines are seen at column 0
only.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from attrs import frozen

from lean_sidekick.core.scanner import IDENTIFIER, NOT_IN_WORD, WORD_END, Scan, TokenKind, words

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


def any_of(alternatives: Iterable[str]) -> str:
    """A regular expression for one of these words, as a whole word to its right."""
    return "(?:" + "|".join(alternatives) + ")" + WORD_END


_ATTRIBUTE = r"@\[(?:[^\[\]]++|\[[^\[\]]*\])*+\]"
_PREFIX = rf"(?:(?:{_ATTRIBUTE}|{NOT_IN_WORD}{any_of(_MODIFIERS)}(?:\[[^\[\]]*\])?)\s*+)*+"
_KEYWORD = (
    rf"deriving\s+instance{WORD_END}|class\s+(?:inductive|abbrev){WORD_END}|#[^\W\d][\w!?]*+"
    rf"|{any_of([*_RESERVED, *_RESERVED_AT_LINE_START, 'open', 'set_option'])}"
)
# The first word of a line with what may stand before it in the same command; or, further on in a line, a reserved
# word, or what `set_option … in` may be put before.
_CANDIDATE = re.compile(
    rf"^(?P<blank>[ \t]*+)(?P<prefix>{_PREFIX})(?:(?P<keyword>{_KEYWORD})|(?P<word>[^\W\d][\w'!?]*+))?"
    rf"|{NOT_IN_WORD}(?P<inner>{any_of(_RESERVED)}|(?<=\sin\s)(?:#[^\W\d][\w!?]*+|run_(?:cmd|elab|meta){WORD_END}))",
    re.MULTILINE,
)
_PREFIX_AT_END = re.compile(_PREFIX + "$")
_INDENTED_HASH = re.compile(r"#(?:eval|check|check_failure|print|reduce|synth|exit|guard|guard_msgs)!?$")
_KEYWORD_WITH_NAME = re.compile(rf"\w+\s+{IDENTIFIER}")
_OPTIONS_IN = re.compile(rf"(?:(?:open|set_option){WORD_END}[^\n]*?{NOT_IN_WORD}in{WORD_END}\s*)+")
_COMMAND = re.compile(_PREFIX + _KEYWORD)
_HEADER = re.compile(
    rf"\s*+(?:module{WORD_END}\s*+)?(?:prelude{WORD_END}\s*+)?"
    rf"(?:(?:(?:public|private|meta)\s++)*+import[ \t]++(?:(?:all|runtime)[ \t]++)?{IDENTIFIER}\s*+)*+"
)
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


def find_commands(scan: Scan) -> Iterator[Command]:
    """All commands of a text in order, the header aside."""
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
    done = end_of_header(code)
    depth = _Depth(code, done)
    docs = [region for region in scan.regions if region.kind is TokenKind.DOC_COMMENT]
    doc_ends = [region.end for region in docs]
    is_flat = False  # whether lines of the command stand at column 0, as in proofs that nobody indented
    can_be_indented = _Indented(code)
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
            if not keyword or not can_be_indented(keyword, keyword_start) or depth.at(keyword_start) > 0:
                continue
            start = match.start("prefix")
        else:
            start = match.start("prefix")
            if not keyword:
                if not match["word"]:
                    continue
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


class _Indented:
    """Tells whether a keyword that begins an indented line can only be a command there; asked at growing offsets."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._options_end = 0
        self._options_lead_to_command = False

    def __call__(self, keyword: str, start: int) -> bool:
        if keyword.startswith("#"):
            return _INDENTED_HASH.match(keyword) is not None
        if keyword in ("lemma", "opaque"):
            return _KEYWORD_WITH_NAME.match(self._code, start) is not None
        if keyword in ("open", "set_option") and start >= self._options_end:
            # `open … in` is a tactic and a term too.
            options = _OPTIONS_IN.match(self._code, start)
            self._options_end = options.end() if options else start + 1
            self._options_lead_to_command = not options or _COMMAND.match(self._code, options.end()) is not None
        return self._options_lead_to_command or keyword not in ("open", "set_option")


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


def end_of_header(code: str) -> int:
    """The offset just after the last token of `module`, `prelude` and the imports; 0 if there are none."""
    match = _HEADER.match(code)
    return len(match.group().rstrip()) if match else 0

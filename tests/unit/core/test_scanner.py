"""The scanner: what is code, what is not, and which tokens the code has."""

import pytest
from hypothesis import given

from lean_sidekick.core.scanner import Scan, TokenKind, balance_problem, is_code, mask_non_code, tokens
from support.lean_text import LEAN_LIKE


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokens(text)]


def test_comments_nest_and_hide_what_is_in_them() -> None:
    text = 'a -- "b\n/- c /- d -/ " -/ e /-- doc -/ f /-! g -/'
    assert kinds(text) == [
        ("IDENTIFIER", "a"),
        ("COMMENT", '-- "b'),
        ("COMMENT", '/- c /- d -/ " -/'),
        ("IDENTIFIER", "e"),
        ("DOC_COMMENT", "/-- doc -/"),
        ("IDENTIFIER", "f"),
        ("COMMENT", "/-! g -/"),
    ]


def test_the_shortest_comment_is_no_doc_comment() -> None:
    """`/--/` is closed at once; read as a doc comment it would swallow the file."""
    assert kinds("/--/ a") == [("COMMENT", "/--/"), ("IDENTIFIER", "a")]


@pytest.mark.parametrize(
    "literal",
    ['"a -- b"', r'"say \"by\""', '"two\nlines"', 'r"C:\\"', 'r#"a "quoted" b"#', "'x'", r"'\n'", r"'\u00e9'", "'\"'"],
)
def test_literals_are_one_token(literal: str) -> None:
    found = list(tokens(f"f {literal} g"))
    assert [token.text for token in found] == ["f", literal, "g"]
    assert found[1].kind in (TokenKind.STRING, TokenKind.CHARACTER)


@pytest.mark.parametrize(
    "literal",
    ['"{x}"', '"{f "a" {b := 1}} c"', '"{s!"{y}" ++ "{"} -- z"', '"{x /- } -/} a"', r'"\{ {"}"} b"'],
)
def test_an_interpolated_string_ends_where_lean_ends_it(literal: str) -> None:
    """Strings and braces inside `{…}` do not end the string."""
    assert [token.text for token in tokens(f"s!{literal} g")] == ["s!", literal, "g"]


def test_primes_belong_to_names() -> None:
    """`h'` followed by another prime must not be read as a character literal."""
    assert [token.text for token in tokens("h' x'y' f'' '' 'a'")] == ["h'", "x'y'", "f''", "''", "'a'"]


def test_identifiers() -> None:
    text = "α₁.foo! «a -- b».c λx x² h.1.2 ?m .inl _ #eval! #[1]"
    assert [token.text for token in tokens(text)] == [
        *["α₁.foo!", "«a -- b».c", "λ", "x", "x", "²", "h", ".", "1.2", "?", "m", ".", "inl", "_", "#eval!"],
        *["#", "[", "1", "]"],
    ]


def test_bars_and_arrows_are_told_apart() -> None:
    """`|` alone is an alternative; the operators that hold it are not."""
    assert [t.text for t in tokens("a || b <|> c <| d |>.e |> f | g => h := i <;> j")][1::2] == [
        *["||", "<|>", "<|", "|>.", "|>", "|", "=>", ":=", "<;>"]
    ]


def test_keywords_have_a_kind_of_their_own() -> None:
    assert kinds("by simp sorry theorem «by» x.by") == [
        ("KEYWORD", "by"),
        ("IDENTIFIER", "simp"),
        ("KEYWORD", "sorry"),
        ("KEYWORD", "theorem"),
        ("IDENTIFIER", "«by»"),
        ("IDENTIFIER", "x.by"),
    ]


def test_an_open_string_ends_with_its_line() -> None:
    """While a string is being typed, the declarations below must still be seen."""
    assert kinds('a "bc\ntheorem') == [("IDENTIFIER", "a"), ("UNTERMINATED", '"bc'), ("KEYWORD", "theorem")]


def test_an_open_comment_reaches_to_the_end() -> None:
    assert kinds("a /- b\nc") == [("IDENTIFIER", "a"), ("UNTERMINATED", "/- b\nc")]


def test_the_mask_keeps_code_and_lines() -> None:
    assert mask_non_code('a "b\nc" /- d\n-/ e -- f') == "a   \n       \n   e     "


def test_is_code() -> None:
    text = 'a "b" -- c'
    assert [is_code(text, i) for i in range(len(text))] == [True] * 2 + [False] * 3 + [True] + [False] * 4


@pytest.mark.parametrize(
    ("marked", "kind"),
    [("a -- b$0\nc", TokenKind.COMMENT), ("/- a$0 -/", TokenKind.COMMENT), ('"a$0"', TokenKind.STRING)],
)
def test_a_cursor_inside(marked: str, kind: TokenKind) -> None:
    offset = marked.index("$0")
    region = Scan(marked.replace("$0", "")).region_at(offset)
    assert region is not None and region.kind is kind


@pytest.mark.parametrize("marked", ["a $0-- b", "/- a -/$0 b", '$0"a"', '"a"$0', "-- a\n$0b"])
def test_a_cursor_beside(marked: str) -> None:
    assert Scan(marked.replace("$0", "")).region_at(marked.index("$0")) is None


@pytest.mark.parametrize("snippet", ["", "f (x) [y] {z} ⟨w⟩", '")"', "-- (", "'('", "/- ( -/ a", "«(» b", r'"\""'])
def test_balanced_snippets(snippet: str) -> None:
    assert balance_problem(snippet) is None


@pytest.mark.parametrize(
    ("snippet", "problem"),
    [
        ("f (x", "`(` is never closed"),
        ("simp) ", "`)` closes nothing"),
        ("(a]", "`]` closes nothing"),
        ("exact /- x", "`/-` is never closed"),
        ('exact "x', '`"` is never closed'),
    ],
)
def test_snippets_that_would_break_out(snippet: str, problem: str) -> None:
    """Such a candidate could close the block that it is put into, or comment out what follows."""
    assert balance_problem(snippet) == problem


@pytest.mark.parametrize("piece", ['"\n\\', 'r#"\n', 's!"{\n', "/-", "'", "{", "«", '"{', "-/ --"])
def test_scanning_takes_linear_time(piece: str) -> None:
    """What is never closed must not be searched for again and again: quadratic time would run into the time limit."""
    text = piece * 50_000
    assert len(Scan(text).code) == len(text)


@given(LEAN_LIKE)
def test_any_text_is_scanned_and_masks_keep_its_shape(text: str) -> None:
    scan = Scan(text)
    for masked in (mask_non_code(text), scan.code):
        assert len(masked) == len(text)
        assert [i for i, c in enumerate(masked) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]


@given(LEAN_LIKE)
def test_tokens_cover_all_but_white_space_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        assert not text[end : token.start].strip()
        assert token.text == text[token.start : token.end]
        end = token.end
    assert not text[end:].strip()

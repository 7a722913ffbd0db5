"""From a tactic block to the text that stands in the file, and back. Pure.

A block is one or more lines, dedented. The edit keeps the file's indentation, line ends and layout, as a person would
have typed it there: one tactic goes where the hole is, several take lines of their own.
"""

from lean_sidekick.core.block_reader import read_blocks
from lean_sidekick.core.positions import TextEdit
from lean_sidekick.core.scanner import BRACKET_PAIRS, Scan, Token, TokenKind, tokens
from lean_sidekick.core.sites import Declaration, Hole, ProofSite


def indent(block: str, indentation: str) -> str:
    """The block with `indentation` before every line that is not blank."""
    return "\n".join(indentation + line if line.strip() else line for line in block.split("\n"))


def site_edit(site: ProofSite, block: str) -> TextEdit:
    """The edit that puts a tactic block into the hole of a site."""
    start = site.start
    match site.hole:
        case Hole.TACTIC_SORRY:
            new_text = _for_tactic_sorry(site, block)
            if new_text.startswith("\n"):
                start = len(site.text[:start].rstrip(" \t"))
        case Hole.TERM_SORRY:
            new_text = _for_term_sorry(site, block)
        case Hole.EMPTY_BY | Hole.UNFINISHED_BLOCK:
            new_text = _for_new_lines(site, block)
    if "\r\n" in site.text:
        new_text = new_text.replace("\n", "\r\n")
    return TextEdit(start=start, end=site.end, new_text=new_text)


def declaration_proof(text: str, declaration: Declaration) -> str | None:
    """The tactic block after `:= by` as it stands, dedented, or the body if it is a term; None if there is none."""
    if declaration.body_start is None:
        return None
    tree = read_blocks(Scan(text), declaration)
    if not tree.tokens:
        return None
    start = tree.tokens[0].start
    if tree.tokens[0].text == "by":
        block = tree.blocks[0]
        if not block.tactics:
            return None
        start = block.tactics[0].start
        below = text.find("\n", block.opener_end, start)
        if below >= 0:
            # Comments on lines of their own before the first tactic belong to the proof.
            start = below + 1
            while text[start].isspace():
                start += 1
    return _dedent(text[start : declaration.end], start - (text.rfind("\n", 0, start) + 1))


def _for_tactic_sorry(site: ProofSite, block: str) -> str:
    lines = block.split("\n")
    if site.needs_parentheses:
        if len(lines) == 1 and not _has_separator(block):
            return block
        return "(" + "\n".join([lines[0], indent("\n".join(lines[1:]), site.indentation + " ")]).rstrip("\n") + ")"
    if len(lines) > 1 and site.is_inline:
        return "\n" + indent(block, site.indentation)
    return _with_first_line_in_place(lines, site.indentation)


def _for_term_sorry(site: ProofSite, block: str) -> str:
    if "\n" in block:
        new_text = "by\n" + indent(block, site.indentation)
        return f"({new_text})" if site.needs_parentheses else new_text
    head, _, term = block.partition(" ")
    if head == "exact" and term.strip() and not _has_separator(term):
        return f"({term})" if site.needs_parentheses and not _is_atomic(term) else term
    return f"(by {block})" if site.needs_parentheses else f"by {block}"


def _for_new_lines(site: ProofSite, block: str) -> str:
    lines = block.split("\n")
    if site.is_bullet or (site.is_inline and len(lines) == 1):
        return " " + _with_first_line_in_place(lines, site.indentation)
    return "\n" + indent(block, site.indentation)


def _with_first_line_in_place(lines: list[str], indentation: str) -> str:
    return "\n".join([lines[0], *(indent(line, indentation) for line in lines[1:])])


def _has_separator(line: str) -> bool:
    """Whether a line is more than one tactic to Lean, so that it would mix with what stands around it."""
    depth = 0
    for token in tokens(line):
        depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)
        if depth == 0 and token.text in (";", "<;>", "|", "=>"):
            return True
    return False


def _is_atomic(term: str) -> bool:
    """Whether a term is a single name or literal, or stands in brackets as a whole."""
    parts = list(tokens(term))
    return len(parts) == 1 or (bool(parts) and _closing_index(parts) == len(parts) - 1)


def _closing_index(parts: list[Token]) -> int | None:
    """The index of the bracket that closes the first one."""
    depth = 0
    for index, token in enumerate(parts):
        depth += (token.text in BRACKET_PAIRS) - (token.kind is TokenKind.CLOSE)
        if depth == 0:
            return index if index else None
    return None


def _dedent(text: str, column: int) -> str:
    """The lines of a text that begins at a column of its first line, without the indentation that all share."""
    first, *below = text.replace("\r\n", "\n").rstrip().split("\n")
    indentations = [len(line) - len(line.lstrip()) for line in below if line.strip()]
    if min(indentations, default=column) < column:
        # What follows does not align with the first line, so it says nothing of where that would stand.
        return "\n".join([first, *(line.rstrip() for line in below)])
    return "\n".join([first, *(line[column:].rstrip() for line in below)])

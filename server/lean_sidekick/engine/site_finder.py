"""From a document and a position, or names, to proof sites.

Works on text alone and asks no Lean, so it can be called at every keystroke. Where no tactic can stand it raises
`InputError` with one sentence that says why.
"""

import re
from bisect import bisect_right

from attrs import evolve

from lean_sidekick.core.blocks import Opener, TacticBlock
from lean_sidekick.core.declarations import Outline
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import OpenDeclaration
from lean_sidekick.core.positions import Position, TextMap
from lean_sidekick.core.scanner import TokenKind
from lean_sidekick.core.sites import Declaration, Hole, ProofSite

_NAMES_SHOWN = 8
_GRIND = re.compile(r"grind\b")


def find_site(text: str, uri: str, version: int, position: Position) -> ProofSite:
    """The proof site that a cursor means.

    A hole on the cursor's line (the nearest) is that site. Elsewhere in a tactic block it is the place after the
    tactic of the cursor's line; on a blank line the cursor's column picks the block, as in Lean's own goal view. In a
    `conv` block a site is found like in any other, and says so: its tactics are others.

    Raises:
        InputError: no tactic can stand there.
    """
    text_map = TextMap(text)
    if not 0 <= position.line < text_map.line_count:
        raise InputError(f"There is no line {position.line + 1}: the file has {text_map.line_count}.")
    offset = text_map.offset(position)
    outline = Outline(text)
    declaration = outline.declaration_at(offset)
    opened = None
    if declaration is not None:
        opened = OpenDeclaration(uri=uri, version=version, scan=outline.scan, declaration=declaration)
        if site := _hole_on_line(opened, text_map, offset):
            return _outside_grind(opened, site)
    _refuse_comments_and_strings(outline, text_map, offset)
    if declaration is None or opened is None or _is_below(declaration, text_map, offset):
        raise InputError("The cursor is outside any declaration; put it into a proof.")
    if declaration.body_start is None or offset < declaration.body_start:
        raise InputError(f"The cursor is in the statement of {declaration.label}; put it into the proof.")
    if not text_map.line_text(text_map.line_of(offset)).strip():
        site = _site_on_blank_line(opened, text_map, offset)
    else:
        site = _site_on_code_line(opened, text_map, offset)
    if site is None:
        raise InputError(
            f"No tactic can stand here: {declaration.label} has a term at the cursor; write `sorry` or `by` instead."
        )
    return _reaching(_outside_grind(opened, site))


def find_declaration_sites(
    text: str, uri: str, version: int, names: frozenset[str] | None
) -> tuple[tuple[Declaration, tuple[ProofSite, ...]], ...]:
    """The declarations that have a hole with their holes, in file order; only those named, if names are given.

    A name is a full name or its last components.

    Raises:
        InputError: no declaration of the text has one of the names.
    """
    outline = Outline(text)
    declarations = outline.declarations()
    if names is not None:
        for name in sorted(names):
            if not any(_is_called(declaration, name) for declaration in declarations):
                raise InputError(_unknown_name(name, declarations))
    found = []
    for declaration in declarations:
        if names is None or any(_is_called(declaration, name) for name in names):
            opened = OpenDeclaration(uri=uri, version=version, scan=outline.scan, declaration=declaration)
            if holes := opened.holes():
                found.append((declaration, tuple(hole.site for hole in holes)))
    return tuple(found)


def _is_called(declaration: Declaration, name: str) -> bool:
    full_name = declaration.full_name
    name = name.removeprefix("_root_.")
    return full_name is not None and (full_name == name or full_name.endswith(f".{name}"))


def _unknown_name(name: str, declarations: tuple[Declaration, ...]) -> str:
    known = [declaration.full_name for declaration in declarations if declaration.full_name]
    if not known:
        return f"There is no declaration `{name}`: the file declares nothing that has a name."
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return f"There is no declaration `{name}`; the file has {', '.join(known[:_NAMES_SHOWN])}{more}."


def _hole_on_line(opened: OpenDeclaration, text_map: TextMap, offset: int) -> ProofSite | None:
    """The hole on the cursor's line that is nearest to the cursor."""
    line = text_map.line_of(offset)
    start, end = text_map.line_start(line), text_map.line_end(line)
    on_line = [hole for hole in opened.holes() if start <= hole.start <= end]
    nearest = min(on_line, key=lambda hole: max(hole.start - offset, offset - hole.end, 0), default=None)
    return nearest.site if nearest else None


def _reaching(site: ProofSite) -> ProofSite:
    """The site with its declaration reaching as far as it does: a cursor below the last tactic, or behind a comment."""
    declaration = site.declaration
    if site.end <= declaration.end:
        return site
    return evolve(site, declaration=evolve(declaration, end=site.end))


def _outside_grind(opened: OpenDeclaration, site: ProofSite) -> ProofSite:
    """The site, if it is not among the steps of a `grind =>`, which are no tactics."""
    for block in opened.tree.blocks:
        is_around = block.opener is Opener.ARROW and block.opener_end <= site.start <= block.end
        if is_around and _GRIND.match(opened.text, block.anchor):
            raise InputError("Steps inside `grind =>` are not supported; put the cursor before or after it.")
    return site


def _refuse_comments_and_strings(outline: Outline, text_map: TextMap, offset: int) -> None:
    region = outline.scan.region_at(offset)
    if region is not None:
        is_string = region.kind in (TokenKind.STRING, TokenKind.CHARACTER) or outline.text[region.start] in '"r'
        raise InputError(f"The cursor is in a {'string' if is_string else 'comment'}; put it where a tactic can stand.")
    line = text_map.line_of(offset)
    start, end = text_map.line_start(line), text_map.line_end(line)
    if outline.text[start:end].strip() and not outline.scan.code[start:end].strip():
        raise InputError("The cursor is in a comment; put it where a tactic can stand.")


def _is_below(declaration: Declaration, text_map: TextMap, offset: int) -> bool:
    """Whether the cursor has left a declaration: at column 0, more than one line below its end."""
    line = text_map.line_of(offset)
    return offset == text_map.line_start(line) and line > text_map.line_of(declaration.end) + 1


def _site_on_blank_line(opened: OpenDeclaration, text_map: TextMap, offset: int) -> ProofSite | None:
    tokens = opened.tree.tokens
    index = bisect_right(tokens, offset, key=lambda token: token.end) - 1
    if index < 0:
        return None
    token = tokens[index]
    blocks = opened.tree.around(token)
    blocks += [block for block in opened.tree.blocks if block.opener_start == token.start and block.tactics]
    if not blocks:
        return None
    line = text_map.line_of(offset)
    column = offset - text_map.line_start(line)
    block = _block_of_column(blocks, offset, column)
    last = max((tactic.end for tactic in block.tactics if tactic.start < offset), default=block.opener_end)
    if last > offset:
        return _site_after(opened, block, last)
    start = len(opened.text[: text_map.line_end(line - 1)].rstrip(" \t\r"))
    end = text_map.line_end(line)
    end -= opened.text[end - 1 : end] == "\r"
    hole = Hole.UNFINISHED_BLOCK
    indentation = opened.indentation(block)
    if not block.tactics:
        hole = Hole.EMPTY_BY if block.opener is Opener.BY else hole
        blank = opened.text[text_map.line_start(line) : end]
        indentation = blank if len(blank) > len(indentation) else indentation
    return opened.site(hole, start, end, indentation, block=block)


def _block_of_column(blocks: list[TacticBlock], offset: int, column: int) -> TacticBlock:
    """Of the blocks around a blank line, outermost first, the one that a cursor at this column goes on with."""
    if not blocks[-1].tactics:
        return blocks[-1]
    can_go_on = [
        block for block in blocks if all(t.end <= offset for t in block.tactics if t.start < offset)
    ] or blocks[-1:]
    named = [block for block in can_go_on if (block.column or 0) <= column]
    return named[-1] if named else can_go_on[0]


def _site_on_code_line(opened: OpenDeclaration, text_map: TextMap, offset: int) -> ProofSite | None:
    line = text_map.line_of(offset)
    start, end = text_map.line_start(line), text_map.line_end(line)
    on_line = [token for token in opened.tree.tokens if start <= token.start < end]
    if not on_line:
        return None
    token = next((token for token in reversed(on_line) if token.start <= offset), on_line[0])
    around = opened.tree.around(token)
    opened_here = [block for block in opened.tree.blocks if block.opener_start == token.start and block.tactics]
    if not around and opened_here:
        # The cursor is on the `by` of the whole proof.
        block = opened_here[0]
        if block.tactics[0].start < end:
            return _site_after(opened, block, block.tactics[0].end)
        return _site_after(opened, block, block.opener_end)
    if not around:
        return None
    block = around[-1]
    if not block.tactics:
        return _site_in_empty_block(opened, block)
    tactic = next(t for t in reversed(block.tactics) if t.start <= token.start)
    return _site_after(opened, block, tactic.end)


def _site_after(opened: OpenDeclaration, block: TacticBlock, offset: int) -> ProofSite:
    """The place on a new line after a tactic, and after the `;` and comment that end its line."""
    start, following = offset, opened.next_on_line(offset)
    if following is not None and following.text == ";" and opened.next_on_line(following.end) is None:
        start, following = following.end, None
    if following is None:
        start = opened.after_comments(start, len(opened.text))
    return opened.site(Hole.UNFINISHED_BLOCK, start, start, opened.indentation(block), block=block)


def _site_in_empty_block(opened: OpenDeclaration, block: TacticBlock) -> ProofSite:
    """The place directly after a bullet or arrow that nothing follows."""
    start = opened.after_comments(block.opener_end, len(opened.text))
    end = start
    while end < len(opened.text) and opened.text[end] in " \t":
        end += 1
    if opened.next_on_line(block.opener_end) is not None:
        end = start
    return opened.site(
        Hole.UNFINISHED_BLOCK,
        start,
        end,
        opened.indentation(block),
        is_inline=start == block.opener_end and block.opener is not Opener.BULLET,
        is_bullet=start == block.opener_end and block.opener is Opener.BULLET,
        block=block,
    )

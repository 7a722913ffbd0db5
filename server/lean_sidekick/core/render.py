"""From a tactic block to the text that stands in the file. Pure.

A block is one or more lines, dedented. The result keeps the file's indentation and layout, as a person
would have typed it there.
"""

from lean_sidekick.core.positions import TextEdit
from lean_sidekick.core.sites import Hole, ProofSite


def indent(block: str, indentation: str) -> str:
    """The block with `indentation` before every line that is not blank."""
    return "\n".join(indentation + line if line.strip() else line for line in block.split("\n"))


def site_edit(site: ProofSite, block: str) -> TextEdit:
    """The edit that puts a tactic block into the hole of a site."""
    lines = block.split("\n")
    if site.hole is Hole.TACTIC_SORRY:
        return _replace_sorry(site, lines)
    if site.hole is Hole.TERM_SORRY:
        if len(lines) == 1:
            return TextEdit(start=site.start, end=site.end, new_text=f"by {block}")
        new_text = "by\n" + indent(block, site.indentation)
        return TextEdit(start=site.start, end=site.end, new_text=new_text)
    # An empty `by` and an unfinished block both take new lines of their own.
    new_text = "\n" + indent(block, site.indentation)
    return TextEdit(start=site.start, end=site.end, new_text=new_text)


def _replace_sorry(site: ProofSite, lines: list[str]) -> TextEdit:
    if len(lines) == 1:
        return TextEdit(start=site.start, end=site.end, new_text=lines[0])
    if site.needs_parentheses:
        head = "(" + lines[0]
        rest = indent("\n".join(lines[1:]), site.indentation + " ")
        return TextEdit(start=site.start, end=site.end, new_text=f"{head}\n{rest})")
    if site.is_inline and not site.is_bullet:
        start = site.start
        while start > 0 and site.text[start - 1] in " \t":
            start -= 1
        new_text = "\n" + indent("\n".join(lines), site.indentation)
        return TextEdit(start=start, end=site.end, new_text=new_text)
    rest = indent("\n".join(lines[1:]), site.indentation)
    return TextEdit(start=site.start, end=site.end, new_text=f"{lines[0]}\n{rest}")

"""A report as Markdown: what the page shows, but proofs, which are in `results.jsonl`."""

from lean_sidekick.evaluation.report_parts import Block, Paragraph, Picture, Report, Table, Theorems


def render_markdown(report: Report) -> str:
    """The whole text."""
    parts = [f"# {_plain(report.title)}\n"]
    for section in report.sections:
        parts.append(f"\n## {_plain(section.title)}\n")
        parts += [f"\n{_block(block)}" for block in section.blocks]
    return "".join(parts)


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f"**{_plain(block.text)}**\n" if block.is_warning else f"{_plain(block.text)}\n"
        case Table():
            title = f"{_plain(block.title)}:\n\n" if block.title else ""
            return title + _rows(block.columns, block.rows)
        case Picture():
            return f"![{block.caption}]({block.file}.svg)\n"
        case Theorems():
            rows = tuple((entry.mark, entry.name, entry.status, entry.facts) for entry in block.entries)
            return _rows(("", "theorem", "ended as", "took"), rows)


def _rows(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text that stays text: names and messages of Lean may hold what Markdown reads as markup."""
    flat = " ".join(text.split())
    for character in "\\`*_<[":
        flat = flat.replace(character, f"\\{character}" if character != "<" else "&lt;")
    return flat

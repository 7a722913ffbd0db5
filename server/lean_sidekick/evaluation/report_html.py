"""A report as one HTML page: style, script and pictures are in it, nothing is fetched from anywhere.

Every text is escaped; nothing that a theorem or Lean says is read as markup.
"""

import base64
from html import escape
from importlib import resources

from lean_sidekick.evaluation.report_parts import (
    Block,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    TheoremEntry,
    Theorems,
)

TEMPLATE = "report_page.html"


def render_html(report: Report) -> str:
    """The whole page."""
    template = resources.files("lean_sidekick.evaluation").joinpath(TEMPLATE).read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#s{n}">{escape(s.title)}</a></li>' for n, s in enumerate(report.sections))
    sections = "".join(_section(section, number) for number, section in enumerate(report.sections))
    head, _, foot = template.partition("<!--SECTIONS-->")
    return head.replace("<!--TITLE-->", escape(report.title)).replace("<!--CONTENTS-->", contents) + sections + foot


def _section(section: Section, number: int) -> str:
    blocks = "".join(_block(block) for block in section.blocks)
    return f'<section id="s{number}"><h2>{escape(section.title)}</h2>{blocks}</section>\n'


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            kind = ' class="warning" role="note"' if block.is_warning else ""
            return f"<p{kind}>{escape(block.text)}</p>"
        case Table():
            return _table(block)
        case Picture():
            data = base64.b64encode(block.svg.encode()).decode()
            return (
                f'<figure><img alt="{escape(block.caption)}" src="data:image/svg+xml;base64,{data}">'
                f"<figcaption>{escape(block.caption)} Files: {escape(block.file)}.svg, .png</figcaption></figure>"
            )
        case Theorems():
            return _theorems(block)


def _table(table: Table) -> str:
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    head = f"<thead><tr>{head}</tr></thead>" if any(table.columns) else ""
    numeric = [all(_is_number(row[n]) for row in table.rows) for n in range(len(table.columns))]
    rows = "".join(
        "<tr>" + "".join(_cell(cell, is_number) for cell, is_number in zip(row, numeric, strict=True)) + "</tr>"
        for row in table.rows
    )
    return f'{title}<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>'


def _cell(text: str, is_number: bool) -> str:
    kind = ' class="number"' if is_number else ""
    return f"<td{kind}>{escape(text)}</td>"


def _is_number(text: str) -> bool:
    return text == "" or text.replace(".", "", 1).isdecimal()


def _theorems(block: Theorems) -> str:
    entries = "".join(_entry(entry) for entry in block.entries)
    search = '<input type="search" placeholder="filter by name, status or text" aria-label="Filter theorems">'
    return f'<div class="theorems">{search}<span class="count">{escape(block.title)}</span>{entries}</div>'


def _entry(entry: TheoremEntry) -> str:
    links = "".join(f' <a href="{escape(target)}">{escape(label)}</a>' for label, target in entry.links)
    kind = "good" if entry.mark == "✓" else "bad"
    name = f'<b class="{kind}">{entry.mark}</b> <code>{escape(entry.name)}</code>'
    rest = f'<span class="status">{escape(entry.status)}</span><span class="facts">{escape(entry.facts)}</span>'
    below = f"<pre>{escape(entry.text)}</pre>" + (f"<p>{links}</p>" if links else "")
    return f'<details id="{escape(entry.anchor)}"><summary>{name}{rest}</summary>{below}</details>'

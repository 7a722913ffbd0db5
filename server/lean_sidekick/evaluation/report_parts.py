"""What a report is made of, as plain values that every output (HTML, Markdown, JSON) renders in its own way."""

from attrs import frozen


@frozen(kw_only=True)
class Paragraph:
    """A sentence or two; a warning is shown so that nobody passes over it."""

    text: str
    is_warning: bool = False


@frozen(kw_only=True)
class Table:
    """Rows with one text a column; `title` is "" where the section's is enough."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@frozen(kw_only=True)
class Picture:
    """A figure: its file without ending (it is there as .png and .svg), its SVG text, and what it shows in words."""

    file: str
    svg: str
    caption: str


@frozen(kw_only=True)
class TheoremEntry:
    """One theorem of a run. `mark` is one character; `links` are texts with their targets, relative to the page."""

    anchor: str
    name: str
    mark: str
    status: str
    facts: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class Theorems:
    """A list of theorems that can be opened one by one; `title` says which."""

    title: str
    entries: tuple[TheoremEntry, ...]


Block = Paragraph | Table | Picture | Theorems


@frozen(kw_only=True)
class Section:
    """A heading with what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@frozen(kw_only=True)
class Report:
    """A whole report."""

    title: str
    sections: tuple[Section, ...]

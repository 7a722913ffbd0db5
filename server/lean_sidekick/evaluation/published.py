"""Figures that other systems' authors published, from `published_figures.json`: with budget and source, measured by
others on other machines. They stand beside a report's own figures and are never counted among them.
"""

import json
from pathlib import Path

from attrs import frozen

_FILE = Path(__file__).with_name("published_figures.json")


@frozen(kw_only=True)
class PublishedTable:
    """One table: what it is about, its columns, and its rows with one text a column. The last column is the source."""

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def published_tables() -> tuple[PublishedTable, ...]:
    """All tables in the order in which people should read them."""
    found = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(
        PublishedTable(
            name=table["id"],
            title=table["title"],
            note=table["note"],
            columns=tuple(table["columns"]),
            rows=tuple(tuple(row) for row in table["rows"]),
        )
        for table in found["tables"]
    )

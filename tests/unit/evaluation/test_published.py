"""The page of published figures says what the data file says, each figure with a source."""

import re
from pathlib import Path

from lean_sidekick.evaluation.published import published_tables

PAGE = Path(__file__).parents[3] / "docs" / "published-figures.md"


def test_the_page_has_every_figure_of_the_file_and_no_other() -> None:
    """Read back from the page's text, not from what writes it."""
    text = PAGE.read_text(encoding="utf-8")
    on_page = [
        tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        for line in text.splitlines()
        if line.startswith("|") and not re.fullmatch(r"[| -]+", line)
    ]
    in_file = [row for table in published_tables() for row in (table.columns, *table.rows)]
    assert on_page == in_file
    assert len(in_file) > 50


def test_every_row_names_its_source() -> None:
    for table in published_tables():
        assert table.columns[-1] == "source"
        for row in table.rows:
            assert len(row) == len(table.columns), row
            assert row[-1] and row[0], row
            assert not any("|" in cell for cell in row), row


def test_the_page_says_that_nothing_of_it_was_measured_here() -> None:
    assert "**None of it was measured by this project**" in PAGE.read_text(encoding="utf-8")

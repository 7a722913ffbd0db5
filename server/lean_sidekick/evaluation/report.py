"""`report`: runs as one page: tables, curves, differences, failures, proofs.

Runs on different sets or with different budgets stand in groups of their own, with a sentence that says so. Figures
that others published stand at the end, marked as theirs.
"""

from collections.abc import Sequence
from pathlib import Path

from attrs import asdict

from lean_sidekick.evaluation.items import Format
from lean_sidekick.evaluation.published import PublishedTable, published_tables
from lean_sidekick.evaluation.report_parts import Block, Paragraph, Report, Section, Table
from lean_sidekick.evaluation.report_prove import prove_sections
from lean_sidekick.evaluation.report_runs import Run, differing_choices, group_comparable

FIGURES = "figures"


def make_report(runs: Sequence[Run], out: Path) -> Report:
    """The report of finished runs. Figures are written below `out`, as PNG and SVG."""
    groups = group_comparable(runs)
    sections = [_overview(groups)]
    for number, group in enumerate(groups, 1):
        if group[0].kind == "prove":
            figures, *details = prove_sections(group, out / FIGURES, number)
        else:
            figures, details = _effort(group), []
        sections += [figures, _made_with(group, number, len(groups)), *details]
    sections += [_published(table) for table in _relevant_tables(runs)]
    names = ", ".join(run.label for run in runs)
    return Report(title=f"Lean Sidekick: {names}", sections=tuple(sections))


def report_fields(report: Report) -> dict[str, object]:
    """The report as JSON: sections with their blocks, each block with its kind; pictures by their file."""
    return {
        "title": report.title,
        "sections": [
            {"title": section.title, "blocks": [_block_fields(block) for block in section.blocks]}
            for section in report.sections
        ],
    }


def _block_fields(block: Block) -> dict[str, object]:
    fields = {name: value for name, value in asdict(block).items() if name != "svg"}
    return {"kind": type(block).__name__.lower(), **fields}


def _overview(groups: Sequence[Sequence[Run]]) -> Section:
    rows = tuple(
        (run.label, run.kind, run.items, run.budget, f"group {number}")
        for number, group in enumerate(groups, 1)
        for run in group
    )
    blocks: list[Block] = [
        Table(title="", columns=("run", "kind", "theorems", "budget a theorem", "compared in"), rows=rows)
    ]
    if len(groups) > 1:
        blocks.append(
            Paragraph(
                text=(
                    "These runs are not all over the same theorems with the same budget, so they are in groups: "
                    "figures of one group say nothing about those of another."
                ),
                is_warning=True,
            )
        )
    return Section(title="Runs", blocks=tuple(blocks))


def _made_with(group: Sequence[Run], number: int, groups: int) -> Section:
    """How the runs of a group were made: what they share, and what differs."""
    first = group[0]
    differing = differing_choices(group)
    shared = [(name, value) for name, value in first.choices().items() if name not in differing]
    blocks: list[Block] = []
    if len(group) > 1:
        rows = tuple((name, *values) for name, values in differing.items())
        if rows:
            blocks.append(Table(title="What differs", columns=("", *(run.label for run in group)), rows=rows))
        else:
            blocks.append(Paragraph(text="Nothing that is recorded differs between these runs."))
        if {"processor", "cores", "workers", "cluster"} & differing.keys():
            blocks.append(
                Paragraph(
                    text="They ran on different machines, or more at once: do not compare times.", is_warning=True
                )
            )
    blocks.append(Table(title="What they share" if len(group) > 1 else "", columns=("", ""), rows=tuple(shared)))
    origins = tuple((o["repository"], o["commit"], o["licence"]) for o in first.data.get("origins", ()))
    if origins:
        blocks.append(
            Table(title="Where the theorems come from", columns=("repository", "commit", "licence"), rows=origins)
        )
    title = f"Group {number}: how it was made" if groups > 1 else "How it was made"
    return Section(title=title, blocks=tuple(blocks))


def _effort(group: Sequence[Run]) -> Section:
    columns = ("run", "steps automated", "typed a theorem (95 %)", "no step typed", "steps", "theorems", "not measured")
    rows = []
    for run in group:
        summary = run.summary
        low, high = summary["typed_per_theorem_interval"] or (0.0, 0.0)
        rows.append(
            (
                run.label,
                f"{100 * summary['share_automated']:.1f} %",
                f"{summary['typed_per_theorem']:.2f} ({low:.2f} to {high:.2f})",
                f"{100 * summary['share_without_typing']:.1f} %",
                str(summary["steps"]),
                str(summary["theorems"]),
                str(summary["errors"]),
            )
        )
    names = tuple(group[0].summary["steps_by"])
    ways = tuple((run.label, *(str(run.summary["steps_by"][name]) for name in names)) for run in group)
    return Section(
        title=f"Human effort: {group[0].items}, {group[0].budget} at each step",
        blocks=(
            Table(title="", columns=columns, rows=tuple(rows)),
            Table(title="Steps by what was done", columns=("run", *names), rows=ways),
        ),
    )


def _relevant_tables(runs: Sequence[Run]) -> list[PublishedTable]:
    """The published tables that are about what the runs measure."""
    wanted = set()
    for run in runs:
        if run.kind == "effort":
            wanted.add("copilots")
        elif run.data.get("format") in (Format.FORMAL_STATEMENT.value, Format.LEANDOJO.value):
            wanted |= {"step-provers", "whole-proof"}
    return [table for table in published_tables() if table.name in wanted]


def _published(table: PublishedTable) -> Section:
    words = (
        "Reported by the authors of these systems, with their budgets, on their machines and copies of the benchmarks. "
        "Not measured here, and comparable with the figures above only as far as theorems and budgets agree."
    )
    note = (Paragraph(text=table.note),) if table.note else ()
    return Section(
        title=f"Published by others: {table.title}",
        blocks=(Paragraph(text=words, is_warning=True), *note, Table(title="", columns=table.columns, rows=table.rows)),
    )

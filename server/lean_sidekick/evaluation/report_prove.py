"""The part of a report that is about proving: figures, curves, differences between runs, failures, proofs."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.evaluation.plots import Curve, draw_curves, save
from lean_sidekick.evaluation.prove_run import proof_costs
from lean_sidekick.evaluation.report_parts import Block, Paragraph, Picture, Section, Table, TheoremEntry, Theorems
from lean_sidekick.evaluation.report_runs import Run
from lean_sidekick.evaluation.results import TheoremResult, read_theorem

SHOWN_LIMIT = 3_000
"""Theorems that a page shows of a run; the others are in its files."""

_FIRST_SECOND, _FIRST_CHECK = 0.05, 1.0


def prove_sections(runs: Sequence[Run], folder: Path, number: int) -> list[Section]:
    """The sections on comparable runs; figures go to `folder`, named with the group's `number`."""
    results = {run.label: [read_theorem(row) for row in run.rows()] for run in runs}
    title = f"Proved: {runs[0].items}, {runs[0].budget} a theorem"
    blocks = (_figures(runs), _times(runs), *_late_proofs(runs), *_curves(runs, folder, number))
    sections = [Section(title=title, blocks=blocks)]
    for other in runs[1:]:
        sections.append(_difference(runs[0], other, results))
    for run in runs:
        sections.append(Section(title=f"Failures of {run.label}, by reason", blocks=_failures(results[run.label])))
        sections.append(Section(title=f"Theorems of {run.label}", blocks=_theorems(run, results[run.label], folder)))
    return sections


def _figures(runs: Sequence[Run]) -> Table:
    measured = ("run", "proved", "pass@1 (95 %)", "several attempts", "median s", "checks")
    columns = (*measured, "refused by the final check", "false proofs", "with a known defect (apart)")
    rows = []
    for run in runs:
        summary, passed = run.summary, run.summary["pass_at"]
        most = max(passed, key=int, default="1")
        apart = summary["known_defective"]
        rows.append(
            (
                run.label,
                f"{summary['proved']} of {summary['theorems']}",
                _interval(passed.get("1")),
                f"pass@{most}: {_interval(passed[most])}" if most != "1" else "",
                str(summary["seconds_p50"]),
                str(summary["checks_total"]),
                str(summary["refused_by_final_check"]),
                str(summary["false_proofs"]),
                f"{apart['proved']} of {apart['theorems']}" if apart["theorems"] else "none",
            )
        )
    shown = [n for n in range(len(columns)) if any(row[n] not in ("", "none") for row in rows)]
    return Table(
        title="",
        columns=tuple(columns[n] for n in shown),
        rows=tuple(tuple(row[n] for n in shown) for row in rows),
    )


def _interval(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return ""
    return f"{100 * figure['estimate']:.1f} % ({100 * figure['low']:.1f} to {100 * figure['high']:.1f})"


def _times(runs: Sequence[Run]) -> Table:
    """How many were proved within so many seconds, and within so many checks."""
    first = runs[0].summary
    columns = [("proved_at", limit, f"{limit} s") for limit in first["proved_at"]]
    columns += [("proved_at_checks", limit, f"{limit} checks") for limit in first["proved_at_checks"]]
    rows = [(run.label, *(str(run.summary[field].get(limit, "")) for field, limit, _ in columns)) for run in runs]
    return Table(title="Proved within", columns=("run", *(title for _, _, title in columns)), rows=tuple(rows))


def _late_proofs(runs: Sequence[Run]) -> list[Block]:
    """Why a run may have proved more than the last column of times says."""
    late = {run.label: run.summary["proved"] - max(run.summary["proved_at"].values()) for run in runs}
    words = ", ".join(f"{count} of {label}" for label, count in late.items() if count)
    if not words:
        return []
    return [Paragraph(text=f"Found in time, but past the limit when the final check had ended: {words}.")]


def _curves(runs: Sequence[Run], folder: Path, number: int) -> list[Block]:
    seconds, checks = [], []
    for run in runs:
        times, counts, theorems = proof_costs(run.path)
        if not theorems:
            continue
        limit = float(str(run.configuration["timeout_s"]))
        seconds.append(Curve(label=run.label, costs=times, theorems=theorems, limit=limit))
        most = max([10.0, *counts])
        checks.append(Curve(label=run.label, costs=counts, theorems=theorems, limit=most))
    longest = max((curve.limit for curve in checks), default=0.0)
    checks = [Curve(label=c.label, costs=c.costs, theorems=c.theorems, limit=longest) for c in checks]
    if not seconds:
        return []
    return [
        _picture(seconds, "seconds a theorem", _FIRST_SECOND, folder / f"proved-by-seconds-{number}"),
        _picture(checks, "checks a theorem", _FIRST_CHECK, folder / f"proved-by-checks-{number}"),
    ]


def _picture(curves: Sequence[Curve], axis: str, start: float, path: Path) -> Block:
    try:
        figure = draw_curves(curves, axis, start)
    except ConfigError as error:
        return Paragraph(text=str(error), is_warning=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)
    svg = path.with_suffix(".svg").read_text(encoding="utf-8")
    return Picture(file=f"{path.parent.name}/{path.name}", svg=svg, caption=f"Share of theorems proved, by {axis}.")


def _difference(one: Run, other: Run, results: dict[str, list[TheoremResult]]) -> Section:
    """The theorems that one of two comparable runs proved and the other did not."""
    first = {result.name: result for result in results[one.label]}
    second = {result.name: result for result in results[other.label]}
    only_first = [name for name in first if first[name].proofs and not second[name].proofs]
    only_second = [name for name in first if second[name].proofs and not first[name].proofs]
    both = sum(bool(first[name].proofs and second[name].proofs) for name in first)
    chance = sign_test(len(only_first), len(only_second))
    sides = ((one, only_first, second), (other, only_second, first))
    rows = [(name, f"only {run.label}", _why(lost[name])) for run, names, lost in sides for name in names]
    words = (
        f"Both prove {both}; only {one.label} proves {len(only_first)}, only {other.label} proves {len(only_second)}. "
        f"If the two were equally good, a difference as large as this one would come up with probability {chance:.2g} "
        "(exact sign test)."
    )
    table = Table(title="", columns=("theorem", "proved by", "how it ended in the other"), rows=tuple(rows))
    blocks: tuple[Block, ...] = (Paragraph(text=words), table) if rows else (Paragraph(text=words),)
    return Section(title=f"{one.label} and {other.label}, theorem by theorem", blocks=blocks)


def sign_test(wins: int, losses: int) -> float:
    """The two-sided exact probability of a split at least as uneven, if both sides were equally likely."""
    count, fewer = wins + losses, min(wins, losses)
    if count == 0:
        return 1.0
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2.0**count)


def _why(result: TheoremResult) -> str:
    best = result.best
    return best.falsehood or best.message or best.status.value.replace("_", " ")


def _failures(results: Sequence[TheoremResult]) -> tuple[Block, ...]:
    """Theorems without a proof by the first part of their reason, numbers and names in it left out."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if not result.proofs:
            kind = "false proof" if result.best.falsehood else result.best.status.value.replace("_", " ")
            reason = _why(result).split("\n")[0].split(";")[0]
            reason = re.sub(r"\d+(\.\d+)?", "…", re.sub(r"[`'‘].*?[`'’]", "…", reason))
            reasons.setdefault((kind, reason), []).append(result.name)
    if not reasons:
        return (Paragraph(text="None: every theorem was proved."),)
    rows = [
        (kind, reason, str(len(names)), ", ".join(names[:20]) + (", …" if len(names) > 20 else ""))
        for (kind, reason), names in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]
    return (Table(title="", columns=("ended as", "reason", "theorems", "which"), rows=tuple(rows)),)


def _theorems(run: Run, results: Sequence[TheoremResult], folder: Path) -> tuple[Block, ...]:
    entries = tuple(_entry(run, result, folder) for result in results[:SHOWN_LIMIT])
    blocks: list[Block] = [Theorems(title=f"{len(results)} theorems", entries=entries)]
    if len(results) > SHOWN_LIMIT:
        blocks.append(Paragraph(text=f"The first {SHOWN_LIMIT} of {len(results)}; all are in results.jsonl."))
    return tuple(blocks)


def _entry(run: Run, result: TheoremResult, folder: Path) -> TheoremEntry:
    best = result.best
    facts = f"{best.seconds:.2f} s, {best.checks} checks"
    if len(result.attempts) > 1:
        facts += f", {len(result.proofs)} of {len(result.attempts)} attempts"
    text = best.proof or _why(result)
    if result.defect:
        facts += f"; known defect: {result.defect}"
    if best.falsehood:
        text = f"{text}\n\n{best.falsehood}"
    return TheoremEntry(
        anchor=f"{run.label}:{result.name}",
        name=result.name,
        mark="✓" if result.proofs else "✗",
        status=best.status.value.replace("_", " "),
        facts=facts,
        text=text,
        links=_trace_links(run, best.trace, folder),
    )


def _trace_links(run: Run, trace: str, folder: Path) -> tuple[tuple[str, str], ...]:
    """The trace of a search, and the page that shows it where there is one."""
    if not trace:
        return ()
    found = []
    for label, file in (("search tree", (run.path / trace).with_suffix(".html")), ("trace", run.path / trace)):
        if file.is_file():
            found.append((label, Path(os.path.relpath(file, folder.parent)).as_posix()))
    return tuple(found)

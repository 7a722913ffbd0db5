"""`bench check`: whether a benchmark in LeanDojo's layout is sound and whether it leaks, whoever wrote it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cattrs
import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option
from lean_sidekick.cli.output import StatusLine, write_line, write_object
from lean_sidekick.evaluation.extraction.benchmark_files import Findings, written_splits
from lean_sidekick.evaluation.extraction.layout_report import side_lines
from lean_sidekick.evaluation.extraction.leaks import BenchmarkCheck, check_benchmark


@click.command("check", short_help="Check a benchmark in LeanDojo's layout for leaks and damage.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Check the benchmark in FOLDER: corpus.jsonl and the splits beside it, whoever wrote them.

    Says what is in it, which lines cannot be read, which theorems stand there twice, on two sides of a split, or on
    one side with a statement that another side has under another name. Needs no Lean.
    """
    status = StatusLine()
    checks = [check_benchmark(folder, strategy, status.show) for strategy in written_splits(folder)]
    status.clear()
    if as_json:
        for check in checks:
            write_object({"split": check.leaks.strategy, "is_sound": check.is_sound, **cattrs.unstructure(check)})
    else:
        for line in _lines(checks):
            write_line(line)
    return ExitStatus.DONE if all(check.is_sound for check in checks) else ExitStatus.INCOMPLETE


def _lines(checks: Sequence[BenchmarkCheck]) -> Iterator[str]:
    first = checks[0]
    yield f"corpus: {first.corpus_files} files, {first.premises} premises"
    yield from _found("line of the corpus that cannot be read", first.damaged_corpus)
    yield from side_lines(side for check in checks for side in check.sides)
    for check in checks:
        leaks = check.leaks
        yield f"{leaks.strategy}: {leaks.in_words}"
        yield from _found("line that cannot be read", check.damaged)
        yield from _found("theorem that stands on its side already", check.repeated)
        yield from _found("theorem on two sides", leaks.on_two_sides)
        yield from _found("theorem with a statement that another side has too", leaks.same_statement)
        yield from _found("theorem held out without a novel premise", leaks.without_novel_premise)


def _found(what: str, findings: Findings) -> Iterator[str]:
    for example in findings.examples:
        yield f"  {what}: {example}"
    if findings.count > len(findings.examples):
        yield f"  … and {findings.count - len(findings.examples)} more like it"

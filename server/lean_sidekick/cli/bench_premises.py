"""`bench premises`: how well and how fast premises are found."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import out_option, restart_option, setting_option
from lean_sidekick.cli.engines import with_assignments
from lean_sidekick.cli.output import StatusLine, note, write_line
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.engine.retrieval_models import encoder_choice
from lean_sidekick.premises.labelled import Question
from lean_sidekick.premises.model_choice import EncoderChoice
from lean_sidekick.settings.settings import Settings

if TYPE_CHECKING:
    from lean_sidekick.evaluation.premises_dense import DenseVectors
    from lean_sidekick.evaluation.premises_run import WayFigures

_WIDTH = 32
_COLUMNS = ("recall@1", "recall@10", "recall@32", "mrr", "ndcg@10", "ms_p50", "ms_p95")


@click.command("premises", short_help="Measure how premises are found.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--corpus", type=click.Path(path_type=Path), help="The library that the exercises of DATA are asked of.")
@click.option("--imports", type=click.Path(path_type=Path), help="JSON: each module with the list of its imports.")
@setting_option
@restart_option
@out_option("bench-premises")
def command(
    data: Path, corpus: Path | None, imports: Path | None, assignments: tuple[str, ...], restart: bool, out: Path
) -> int:
    """Ask for the premises of the theorems of DATA (JSON lines), by each ranker alone and by all together.

    With `--setting premises.encoder=NAME` dense ranking by this encoder too, alone and in the fusion. The same command
    continues a run that was interrupted.
    """
    from lean_sidekick.evaluation.configuration import machine_fields
    from lean_sidekick.evaluation.premises_folder import open_premises_folder, premises_record
    from lean_sidekick.evaluation.premises_run import run_premises
    from lean_sidekick.premises.labelled import exercise_questions, read_library, read_theorems

    settings = with_assignments(Settings(premises_encoder=""), assignments)
    encoder = encoder_choice(settings)
    library = read_library(corpus or data, imports)
    theorems = library.theorems if corpus is None else read_theorems(data)
    questions = tuple(library.questions() if corpus is None else exercise_questions(theorems))
    if not questions:
        raise InputError(f"{data} holds no theorem whose premises are known.")
    summary: dict[str, object] = {
        "data": data.name,
        "corpus": (corpus or data).name,
        "corpus_size": len(library.theorems),
        "questions": len(questions),
        "without_premises": sum(theorem.premises == () for theorem in theorems),
        "labels_kept_apart": sum(theorem.premises is None for theorem in theorems),
        "imports_known": library.seen_by is not None,
        "encoder": None if encoder is None else f"{settings.premises_encoder}, {encoder.format.value}",
        "machine": machine_fields(),
    }
    status, files = StatusLine(), tuple(library.corpus())
    with open_premises_folder(out, premises_record(data, corpus, imports, settings), restart=restart) as folder:
        write_line(f"{'way':{_WIDTH}} " + " ".join(f"{name:>9}" for name in _COLUMNS))
        for known in folder.ways:
            _write_way(known)
        if folder.is_finished:
            note(f"{out} holds this run already, finished; --restart makes it again.")
            return ExitStatus.DONE
        dense = None if encoder is None else run_async(_vectors(encoder, files, questions, status))
        status.show(f"{len(questions)} questions")
        for figures in run_premises(files, questions, dense, [known.way for known in folder.ways]):
            status.clear()
            _write_way(figures)
            folder.add(figures)
            status.show(f"{len(questions)} questions, {figures.way} done")
        status.clear()
        folder.finish(summary)
    return ExitStatus.DONE


def _write_way(figures: "WayFigures") -> None:
    write_line(f"{figures.way:{_WIDTH}} " + " ".join(f"{figures.groups['all'][name]:9g}" for name in _COLUMNS))


async def _vectors(
    encoder: EncoderChoice, corpus: Sequence[CorpusFile], questions: Sequence[Question], status: StatusLine
) -> "DenseVectors":
    from lean_sidekick.evaluation.premises_dense import dense_vectors

    try:
        return await dense_vectors(
            encoder, corpus, questions, lambda done, total: status.show(f"{done} of {total} vectors")
        )
    finally:
        status.clear()

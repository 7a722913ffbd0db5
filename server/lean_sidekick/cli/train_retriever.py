"""`train retriever`: fine-tuning of an encoder that finds premises."""

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.output import note
from lean_sidekick.cli.training_figures import draw_plot, show_figure, show_figures
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.messages import Device
from lean_sidekick.premises.formats import EncoderFormat, format_of
from lean_sidekick.training.curves import Scores
from lean_sidekick.training.examples import split_examples
from lean_sidekick.training.plan import RetrieverPlan, begin, check_resumed


@click.command("retriever")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--base", required=True, help="Folder or hub name of the encoder to begin with, or a shape (byt5-mini).")
@click.option(
    "--format",
    "chosen_format",
    type=click.Choice([one.value for one in EncoderFormat]),
    help="How goals and premises are written for it; without it, as a known model has it, else plain.",
)
@click.option("--corpus", type=click.Path(path_type=Path), help="The premises: LeanDojo's corpus.jsonl, or theorems.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("trained-retriever"), show_default=True, help="Folder."
)
@click.option("--epochs", type=click.FloatRange(0.01), default=3.0, show_default=True, help="Rounds over the data.")
@click.option("--batch", type=click.IntRange(2), default=32, show_default=True, help="Pairs an update.")
@click.option("--negatives", type=click.IntRange(0, 16), default=3, show_default=True, help="Hard negatives a pair.")
@click.option("--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=2e-5, show_default=True)
@click.option("--token-limit", type=click.IntRange(8), default=256, show_default=True, help="Texts are cut there.")
@click.option(
    "--hold-out", multiple=True, metavar="MODULE", help="Module to score on, never trained on; may be repeated."
)
@click.option("--hold-out-share", type=click.FloatRange(0, 0.9), default=0.15, show_default=True, help="Without names.")
@click.option("--score-limit", type=click.IntRange(1), default=1000, show_default=True, help="States scored each time.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--device", type=click.Choice([d.value for d in Device]), default="auto", show_default=True)
@click.option("--time-limit", type=click.FloatRange(1), help="Minutes after which the training ends and is scored.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out, from its last checkpoint.")
def command(data: tuple[Path, ...], out: Path, resume: bool, **options: Any) -> int:
    """Fine-tune an encoder on the states of DATA and the premises that were used there.

    DATA are steps (`state_before`, `premises`, `module` or `file`), theorems with `premises`, or splits of LeanDojo
    Benchmark. Whole modules are held out; recall on them is given before and after, beside that of BM25. What comes out
    is a folder with the encoder, the figures and a plot.
    """
    plan = _plan(data, options)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from lean_sidekick.training.retrieval_data import read_states, read_training_corpus
            from lean_sidekick.training.retriever import RetrieverTraining
    except ImportError as error:
        raise ModelUnavailable(
            f'Training needs libraries that are not installed ({error.name}): pip install "lean-sidekick[train]".'
        ) from None
    corpus = read_training_corpus(
        options["corpus"], data, lambda skipped: note(f"{skipped.name} is left out: {skipped.reason}")
    )
    split = split_examples(read_states(data, corpus), plan.held_out_share, plan.held_out, plan.seed)
    if resume:
        check_resumed(plan, out)
    else:
        begin(plan, out)
    training = RetrieverTraining(plan=plan, split=split, corpus=corpus, folder=out, report=note)
    _show(training.run(is_resumed=resume), out)
    return ExitStatus.DONE


def _plan(data: tuple[Path, ...], options: Mapping[str, Any]) -> RetrieverPlan:
    return RetrieverPlan(
        base=options["base"],
        format=format_of(options["base"], options["chosen_format"] or ""),
        data=tuple(str(path) for path in data),
        corpus=None if options["corpus"] is None else str(options["corpus"]),
        held_out=options["hold_out"],
        held_out_share=options["hold_out_share"],
        epochs=options["epochs"],
        batch_size=options["batch"],
        negatives=options["negatives"],
        learning_rate=options["learning_rate"],
        token_limit=options["token_limit"],
        scored_limit=options["score_limit"],
        seed=options["seed"],
        device=Device(options["device"]),
        time_limit_s=None if options["time_limit"] is None else options["time_limit"] * 60,
    )


def _show(summary: Mapping[str, Any], out: Path) -> None:
    show_figures(summary, ("train_states", "train_pairs", "held_out_states", "premises", "updates", "seconds"))
    for name in ("before", "after", "lexical"):
        show_figure(name, ", ".join(f"{figure} {value:.1%}" for figure, value in summary[name].items()))
    note(
        f"To use it: the settings premises.encoder ({out.absolute()}) and premises.encoderFormat ({summary['format']})."
    )
    scores = Scores(
        axis="recall, modules held out (%)",
        curves={"eval_recall@10": "at 10", "eval_recall@32": "at 32"},
        baselines={"BM25 over words, at 10": summary["lexical"]["recall@10"]},
    )
    title = f"{Path(summary['base']).name}, {summary['format']}: {summary['train_pairs']} pairs"
    draw_plot(out, "loss (nats)", scores, title)

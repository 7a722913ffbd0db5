"""`train tactics`: fine-tuning of a model that writes tactics."""

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
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.messages import Device, ModelKind
from lean_sidekick.premises.corpus import read_corpus
from lean_sidekick.tactics.prompts.api import TokenUnit
from lean_sidekick.training.curves import Scores
from lean_sidekick.training.examples import read_examples, split_examples
from lean_sidekick.training.plan import Extent, TrainingPlan, begin, check_resumed, step_adapter


@click.command("tactics")
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--base", required=True, help="Folder or hub name of the model to begin with, or a shape (byt5-mini, …).")
@click.option("--adapter", default="reprover", show_default=True, help="Which prompts to train on, as in a model card.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("trained-tactics"), show_default=True, help="Folder."
)
@click.option("--lora", is_flag=True, help="Train small matrices beside the weights (LoRA), not all weights.")
@click.option("--lora-rank", type=click.IntRange(1, 1024), default=16, show_default=True, help="Their rank.")
@click.option("--epochs", type=click.FloatRange(0.01), default=3.0, show_default=True, help="Rounds over the data.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Examples an update.")
@click.option(
    "--micro-batch", type=click.IntRange(1), default=16, show_default=True, help="Examples in memory at once."
)
@click.option("--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=5e-4, show_default=True)
@click.option(
    "--token-limit", type=click.IntRange(8), default=1024, show_default=True, help="Longest prompt; longest tactic."
)
@click.option(
    "--variants", type=click.IntRange(0, 100), default=0, show_default=True, help="Copies of a step under other names."
)
@click.option("--learn-prompts", is_flag=True, help="Learn to write the prompts too: worth it from random weights.")
@click.option(
    "--hold-out", multiple=True, metavar="MODULE", help="Module to score on, never trained on; may be repeated."
)
@click.option("--hold-out-share", type=click.FloatRange(0, 0.9), default=0.15, show_default=True, help="Without names.")
@click.option(
    "--score-limit", type=click.IntRange(1), default=500, show_default=True, help="Examples scored each time."
)
@click.option(
    "--corpus", type=click.Path(path_type=Path), help="LeanDojo corpus of the premises, for adapters with them."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--device", type=click.Choice([d.value for d in Device]), default="auto", show_default=True)
@click.option("--time-limit", type=click.FloatRange(1), help="Minutes after which the training ends and is scored.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out, from its last checkpoint.")
def command(data: tuple[Path, ...], out: Path, resume: bool, **options: Any) -> int:
    """Fine-tune a model on the steps of DATA (JSON lines with `state_before`, `tactic`, `premises`, `module`).

    Whole modules are held out; exact match on them stands beside that of the most frequent tactics. What comes out is
    a folder with the model, its card, the figures and a plot.
    """
    plan = _plan(data, options)
    split = split_examples(read_examples(data), plan.held_out_share, plan.held_out, plan.seed)
    premises = {} if plan.corpus is None else _premises(Path(plan.corpus))
    if resume:
        check_resumed(plan, out)
    else:
        begin(plan, out)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from lean_sidekick.training.tactics import TacticTraining
    except ImportError as error:
        raise ModelUnavailable(
            f'Training needs libraries that are not installed ({error.name}): pip install "lean-sidekick[train]".'
        ) from None
    training = TacticTraining(plan=plan, split=split, premises=premises, folder=out, report=note)
    _show(training.run(is_resumed=resume), out)
    return ExitStatus.DONE


def _plan(data: tuple[Path, ...], options: Mapping[str, Any]) -> TrainingPlan:
    # Adapters that count in bytes are those of ByT5, an encoder-decoder.
    is_bytes = step_adapter(options["adapter"]).traits.unit is TokenUnit.BYTE
    return TrainingPlan(
        base=options["base"],
        kind=ModelKind.SEQ2SEQ if is_bytes else ModelKind.CAUSAL,
        adapter=options["adapter"],
        data=tuple(str(path) for path in data),
        held_out=options["hold_out"],
        held_out_share=options["hold_out_share"],
        corpus=None if options["corpus"] is None else str(options["corpus"]),
        extent=Extent.LORA if options["lora"] else Extent.FULL,
        epochs=options["epochs"],
        batch_size=options["batch"],
        micro_batch_size=min(options["micro_batch"], options["batch"]),
        learning_rate=options["learning_rate"],
        lora_rank=options["lora_rank"],
        token_limit=options["token_limit"],
        variants=options["variants"],
        learns_prompts=options["learn_prompts"],
        scored_limit=options["score_limit"],
        seed=options["seed"],
        device=Device(options["device"]),
        time_limit_s=None if options["time_limit"] is None else options["time_limit"] * 60,
    )


def _premises(path: Path) -> Mapping[str, Premise]:
    files = read_corpus(path, lambda skipped: note(f"{skipped.name} is left out: {skipped.reason}"))
    return {premise.full_name: premise for file in files for premise in file.premises}


def _show(summary: Mapping[str, Any], out: Path) -> None:
    show_figures(summary, ("train_examples", "held_out_examples", "updates", "seconds", "held_out_loss"))
    for name in ("model", "most_frequent_tactics"):
        found = summary[name]
        show_figure(name, f"exact match {found['exact_match']:.1%}, one of eight {found['exact_match_at_8']:.1%}")
    scores = Scores(
        axis="exact match, modules held out (%)",
        curves={"eval_exact_match": "first", "eval_exact_match_at_8": "one of eight"},
        baselines={
            "most frequent tactic": summary["most_frequent_tactics"]["exact_match"],
            "eight most frequent": summary["most_frequent_tactics"]["exact_match_at_8"],
        },
    )
    title = f"{summary['base']}, {summary['extent']}: {summary['train_examples']} steps"
    draw_plot(out, "loss (nats a token)", scores, title)

"""What a training run is made with: the choices, as values, and where they are kept so that a run can go on.

A run that is resumed must be the same run: `begin` writes the choices down, `check_resumed` compares them. Needs no
model library.
"""

import json
from enum import Enum
from pathlib import Path

import cattrs
from attrs import evolve, fields_dict, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.messages import Device, ModelKind
from lean_sidekick.premises.formats import EncoderFormat
from lean_sidekick.tactics.prompts.api import Adapter, AnswerKind
from lean_sidekick.tactics.prompts.registry import ADAPTERS

PLAN_FILE = "plan.json"
METRICS_FILE = "metrics.jsonl"
SUMMARY_FILE = "summary.json"
CHECKPOINTS = "checkpoints"
_NEW_TOKENS = {ModelKind.SEQ2SEQ: 128, ModelKind.CAUSAL: 64}
# How long a run may take and where it runs do not change what it is.
_FREE = ("time_limit_s", "device", "micro_batch_size")


class Extent(Enum):
    """Which weights are trained: all, or small matrices beside the linear layers (Hu et al., LoRA, 2021)."""

    FULL = "full"
    LORA = "lora"


@frozen(kw_only=True)
class TrainingPlan:
    """Choices of one run.

    `base` is a folder or a hub name in the cache, or a shape of `backends/shapes.py` with random weights. `batch_size`
    counts examples between two updates, `micro_batch_size` those that are in memory at once. Prompts are cut to
    `token_limit` as the program would cut them; what is longer yet, by its prompt or its tactic, is not trained on.
    `variants` of each example are trained on with other names of hypotheses; with `learns_prompts` the prompts are
    something to write too. `time_limit_s` ends the run early, None never.
    """

    base: str
    kind: ModelKind
    adapter: str
    data: tuple[str, ...]
    held_out: tuple[str, ...]
    held_out_share: float
    corpus: str | None
    extent: Extent
    epochs: float
    batch_size: int
    micro_batch_size: int
    learning_rate: float
    lora_rank: int
    token_limit: int
    variants: int
    learns_prompts: bool
    scored_limit: int
    seed: int
    device: Device
    time_limit_s: float | None

    @property
    def prompts(self) -> Adapter:
        """The adapter whose prompts are trained on. Raises InputError as `step_adapter` does."""
        return step_adapter(self.adapter)

    @property
    def context_tokens(self) -> int:
        """What the trained model's card says of its context: a decoder's answer stands in it too."""
        return min(self.prompts.traits.context_tokens, self.token_limit + self._answer_tokens)

    @property
    def prompt_room(self) -> int:
        """How long a prompt may be, in the adapter's units; that of the card is the same."""
        return max(1, self.context_tokens - self._answer_tokens)

    @property
    def new_tokens(self) -> int:
        """How long an answer may be: bytes of an encoder-decoder's, pieces of words of a decoder's."""
        return _NEW_TOKENS[self.kind]

    @property
    def _answer_tokens(self) -> int:
        return self.new_tokens if self.kind is ModelKind.CAUSAL else 0


def step_adapter(name: str) -> Adapter:
    """The adapter of that name. Raises InputError where there is none, or one that does not answer with a step."""
    adapter = ADAPTERS.get(name)
    if adapter is None or adapter.traits.answer is not AnswerKind.STEP:
        steps = [known for known, found in ADAPTERS.items() if found.traits.answer is AnswerKind.STEP]
        raise InputError(f"There is no adapter {name} for single steps: choose one of {', '.join(steps)}.")
    return adapter


@frozen(kw_only=True)
class RetrieverPlan:
    """Choices of one run that trains an encoder.

    `base` as in `TrainingPlan`; `format` is how goals and premises are written for it. `corpus` holds the premises that
    are trained on and looked for, None where the theorems of `data` are. `batch_size` pairs are in memory at once, each
    with `negatives` hard negatives; texts are cut at `token_limit` tokens. `scored_limit` held-out states are scored.
    """

    base: str
    format: EncoderFormat
    data: tuple[str, ...]
    corpus: str | None
    held_out: tuple[str, ...]
    held_out_share: float
    epochs: float
    batch_size: int
    negatives: int
    learning_rate: float
    token_limit: int
    scored_limit: int
    seed: int
    device: Device
    time_limit_s: float | None


def begin(plan: TrainingPlan | RetrieverPlan, folder: Path) -> None:
    """Writes the plan of a new run. Raises InputError if the folder holds a run that got anywhere already."""
    path = folder / PLAN_FILE
    if any((folder / CHECKPOINTS).glob("checkpoint-*")) or (folder / SUMMARY_FILE).exists():
        raise InputError(f"{folder} holds a training run: go on with --resume, or name another folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(cattrs.unstructure(plan), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def check_resumed(plan: TrainingPlan | RetrieverPlan, folder: Path) -> None:
    """Raises InputError if the folder holds no run, or one that was made with other choices than the plan's."""
    path = folder / PLAN_FILE
    try:
        known = cattrs.structure(json.loads(path.read_text(encoding="utf-8")), type(plan))
    except (OSError, ValueError, KeyError, cattrs.BaseValidationError) as error:
        raise InputError(f"{folder} holds no training run to go on with ({error}).") from None
    free = {name: getattr(plan, name) for name in _FREE if name in fields_dict(type(plan))}
    if evolve(known, **free) != plan:
        raise InputError(f"The run in {folder} was begun with other options: give the same ones, or a new folder.")

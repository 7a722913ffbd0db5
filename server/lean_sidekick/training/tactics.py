"""Fine-tunes a model that writes tactics: an encoder-decoder or a decoder-only one, all weights or LoRA.

Trains on exactly the prompts that the program will ask with (the adapter's), scores exact match on modules that were
never trained on beside a baseline that always says the most frequent tactics, and leaves a folder that the model worker
loads, with a card. The loop is transformers' Trainer; a run that was ended goes on from its last checkpoint.
"""

import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.backends.loading import find_folder, pick_device
from lean_sidekick.model_worker.backends.shapes import SHAPES, write_model
from lean_sidekick.model_worker.messages import ModelKind, ModelSpec
from lean_sidekick.training.callbacks import DeadlineCallback, RecordCallback
from lean_sidekick.training.exact_match import CANDIDATES, ExactMatch, score_baseline, score_model
from lean_sidekick.training.examples import Example, Split
from lean_sidekick.training.plan import CHECKPOINTS, METRICS_FILE, SUMMARY_FILE, Extent, TrainingPlan
from lean_sidekick.training.schedule import Schedule
from lean_sidekick.training.tactic_items import Collator, Item, ItemMaker

_LOGS = 100
_EVALUATIONS = 8
_SCORED_ON_THE_WAY = 48
"""Held-out examples that are decoded at each evaluation; at the end all of those asked for are."""


@define
class TacticTraining:
    """One run. `premises` are those of the corpus by full name; `report` gets a line for people now and then."""

    plan: TrainingPlan
    split: Split[Example]
    premises: Mapping[str, Premise]
    folder: Path
    report: Callable[[str], None]

    def run(self, *, is_resumed: bool) -> Mapping[str, object]:
        """Trains, scores, saves; gives the summary that it wrote. Raises InputError and ModelUnavailable."""
        network, tokenizer = self._load()
        make = ItemMaker(plan=self.plan, premises=self.premises, tokenizer=tokenizer)
        train, held_out = make.trained(self.split.train), make.scored(self.split.held_out)
        if not train:
            raise InputError(f"No example is short enough for {self.plan.token_limit} tokens.")
        added = make.added(self.split.train)
        self.report(
            f"{len(train)} examples to train on and {len(added)} made of them, "
            f"{len(held_out)} of {len(self.split.held_out_groups)} modules held out"
        )
        scored = random.Random(self.plan.seed).sample(held_out, min(self.plan.scored_limit, len(held_out)))
        trainer = _Trainer(
            model=self._trainable(network),
            args=self._arguments(len(train) + len(added)),
            train_dataset=[*train, *added],
            eval_dataset=sorted(held_out or train[:1], key=lambda item: len(item.input_ids)),
            data_collator=Collator(tokenizer.pad_token_id),
            processing_class=tokenizer,
            callbacks=[
                RecordCallback(self.folder / METRICS_FILE, self.report),
                DeadlineCallback(self.plan.time_limit_s),
            ],
        )
        trainer.remove_callback(PrinterCallback)  # standard output is not its
        last = get_last_checkpoint(str(self.folder / CHECKPOINTS)) if is_resumed else None
        trainer.seconds = self.plan.time_limit_s
        trainer.done = int(last.rpartition("-")[2]) if last else 0
        trainer.score = lambda model: score_model(model, tokenizer, self.plan, scored[:_SCORED_ON_THE_WAY])
        started = time.monotonic()
        trainer.train(resume_from_checkpoint=last)
        seconds = time.monotonic() - started
        trainer.score = lambda model: score_model(model, tokenizer, self.plan, scored)
        final = trainer.evaluate()
        self._save(trainer.model, tokenizer)
        summary = self._summary(final, trainer.state.global_step, seconds, train, len(added), held_out, scored)
        (self.folder / SUMMARY_FILE).write_text(
            json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        return summary

    # -- model

    def _load(self) -> tuple[Any, PreTrainedTokenizerBase]:
        plan = self.plan
        folder = self.folder / "base"
        if plan.base in SHAPES:
            if not folder.is_dir():
                texts = [text for example in self.split.train for text in (example.state, example.tactic)]
                write_model(plan.base, folder, texts, plan.seed)
        else:
            folder = find_folder(ModelSpec(source=plan.base, kind=plan.kind))
        is_seq2seq = plan.kind is ModelKind.SEQ2SEQ
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, padding_side="right" if is_seq2seq else "left"
        )
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        architecture = AutoModelForSeq2SeqLM if is_seq2seq else AutoModelForCausalLM
        network = architecture.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
        return network, tokenizer

    def _trainable(self, network: Any) -> Any:
        if self.plan.extent is Extent.FULL:
            return network
        from peft import LoraConfig, TaskType, get_peft_model

        task = TaskType.SEQ_2_SEQ_LM if self.plan.kind is ModelKind.SEQ2SEQ else TaskType.CAUSAL_LM
        rank = self.plan.lora_rank
        return get_peft_model(
            network, LoraConfig(task_type=task, r=rank, lora_alpha=2 * rank, target_modules="all-linear")
        )

    def _arguments(self, count: int) -> TrainingArguments:
        plan = self.plan
        device = pick_device(plan.device)
        updates = max(1, math.ceil(plan.epochs * math.ceil(count / plan.batch_size)))
        has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return TrainingArguments(
            output_dir=str(self.folder / CHECKPOINTS),
            num_train_epochs=plan.epochs,
            per_device_train_batch_size=plan.micro_batch_size,
            per_device_eval_batch_size=plan.micro_batch_size,
            gradient_accumulation_steps=max(1, plan.batch_size // plan.micro_batch_size),
            learning_rate=plan.learning_rate,
            weight_decay=0.01,
            bf16=has_bf16,
            logging_steps=math.ceil(updates / _LOGS),
            eval_strategy="steps",
            eval_steps=math.ceil(updates / _EVALUATIONS),
            save_strategy="steps",
            save_steps=math.ceil(updates / _EVALUATIONS),
            save_total_limit=2,
            remove_unused_columns=False,
            use_cpu=device.type == "cpu",
            seed=plan.seed,
            report_to=[],
            disable_tqdm=True,
        )

    def _save(self, model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
        """The weights as the worker loads them: LoRA's are added to those they stand beside."""
        if self.plan.extent is Extent.LORA:
            model = model.merge_and_unload()
        model.save_pretrained(self.folder)
        tokenizer.save_pretrained(self.folder)
        card = [
            f'adapter = "{self.plan.adapter}"',
            f'architecture = "{"encoder-decoder" if self.plan.kind is ModelKind.SEQ2SEQ else "decoder"}"',
            f"folder = {json.dumps(str(self.folder.absolute()), ensure_ascii=False)}",
            'licence = "as its base model and its data"',
            f"parameters = {sum(parameter.numel() for parameter in model.parameters())}",
            'precision = "fp32"',
            f"context_tokens = {self.plan.context_tokens}",
            "",
            "[decoding]",
            'strategy = "beam"',
            f"candidate_count = {CANDIDATES}",
            f"max_new_tokens = {self.plan.new_tokens}",
            "",
        ]
        (self.folder / f"{self.folder.absolute().name}.toml").write_text("\n".join(card), encoding="utf-8")

    def _summary(
        self,
        final: Mapping[str, float],
        steps: int,
        seconds: float,
        train: Sequence[Item],
        added: int,
        held_out: Sequence[Item],
        scored: Sequence[Item],
    ) -> Mapping[str, object]:
        baseline = score_baseline([item.tactic for item in train], [item.tactic for item in scored])
        model = ExactMatch(at_1=final["eval_exact_match"], at_8=final["eval_exact_match_at_8"], count=len(scored))
        return {
            "base": self.plan.base,
            "adapter": self.plan.adapter,
            "extent": self.plan.extent.value,
            "train_examples": len(train),
            "examples_made_of_them": added,
            "held_out_examples": len(held_out),
            "held_out_modules": list(self.split.held_out_groups),
            "left_out": {
                "like_a_held_out_state": self.split.dropped,
                "too_long_or_not_read_back": len(self.split.train)
                + len(self.split.held_out)
                - len(train)
                - len(held_out),
            },
            "updates": steps,
            "seconds": round(seconds, 1),
            "held_out_loss": round(final["eval_loss"], 4),
            "model": model.fields(),
            "most_frequent_tactics": baseline.fields(),
        }


class _Trainer(Trainer):
    """Adds exact match on what is held out to every evaluation, and puts examples of like length together.

    `seconds` is what `train` may take, None for any time; `done` are the updates of the calls before it.
    """

    score: Callable[[Any], ExactMatch]
    seconds: float | None
    done: int
    lr_scheduler: Any

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """A learning rate that has fallen when the run ends, also where its time ends it."""
        if self.lr_scheduler is None:
            schedule = Schedule(updates=num_training_steps, done=self.done, seconds=self.seconds)
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, schedule.factor)
        return self.lr_scheduler

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return _Sampler(
            batch_size=self.args.train_batch_size * self.args.gradient_accumulation_steps,
            lengths=[len(item.input_ids) for item in self.train_dataset],
            seed=self.args.seed,
        )

    def evaluate(self, *arguments: Any, **options: Any) -> dict[str, float]:
        """Loss and exact match."""
        metrics: dict[str, float] = super().evaluate(*arguments, **options)
        found = self.score(self.model)
        matches = {"eval_exact_match": found.at_1, "eval_exact_match_at_8": found.at_8}
        self.log(dict(matches))
        return metrics | matches


class _Sampler(LengthGroupedSampler):
    """Orders an epoch by its number alone, so that a run that goes on sees what it would have seen."""

    def __init__(self, batch_size: int, lengths: list[int], seed: int) -> None:
        super().__init__(batch_size=batch_size, lengths=lengths, generator=torch.Generator())
        self._seed = seed

    def set_epoch(self, epoch: int) -> None:
        """Called before each epoch."""
        self.generator.manual_seed(1_000 * self._seed + epoch)

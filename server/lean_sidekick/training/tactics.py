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
from attrs import define, frozen
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

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import split_goals
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.backends.loading import find_folder, pick_device
from lean_sidekick.model_worker.backends.shapes import SHAPES, write_model
from lean_sidekick.model_worker.messages import ModelKind, ModelSpec
from lean_sidekick.tactics.prompts.api import Question
from lean_sidekick.training.callbacks import DeadlineCallback, RecordCallback
from lean_sidekick.training.exact_match import CANDIDATES, NEW_TOKENS, ExactMatch, score_baseline, score_model
from lean_sidekick.training.examples import Example, Split
from lean_sidekick.training.plan import CHECKPOINTS, METRICS_FILE, SUMMARY_FILE, Extent, TrainingPlan

_IGNORED = -100
_DISTRACTORS = 20
_LOGS_AN_EPOCH = 10
_SCORED_ON_THE_WAY = 48
"""Held-out examples that are decoded after each epoch; at the end all of those asked for are."""


@frozen(kw_only=True)
class Item:
    """An example as tokens. `prompt` and `tactic` are the texts that they stand for."""

    prompt: str
    tactic: str
    question: Question
    input_ids: list[int]
    labels: list[int]


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
        train = self._items(self.split.train, tokenizer)
        held_out = self._items(self.split.held_out, tokenizer)
        if not train:
            raise InputError(f"No example is short enough for {self.plan.token_limit} tokens.")
        self.report(
            f"{len(train)} examples to train on, {len(held_out)} of {len(self.split.held_out_groups)} modules held out"
        )
        scored = random.Random(self.plan.seed).sample(held_out, min(self.plan.scored_limit, len(held_out)))
        trainer = _Trainer(
            model=self._trainable(network),
            args=self._arguments(len(train)),
            train_dataset=train,
            eval_dataset=sorted(held_out or train[:1], key=lambda item: len(item.input_ids)),
            data_collator=_Collator(tokenizer.pad_token_id, self.plan.kind),
            processing_class=tokenizer,
            callbacks=[
                RecordCallback(self.folder / METRICS_FILE, self.report),
                DeadlineCallback(self.plan.time_limit_s),
            ],
        )
        trainer.remove_callback(PrinterCallback)  # standard output is not its
        trainer.score = lambda model: score_model(model, tokenizer, self.plan, scored[:_SCORED_ON_THE_WAY])
        started = time.monotonic()
        checkpoints = self.folder / CHECKPOINTS
        has_checkpoint = is_resumed and any(checkpoints.glob("checkpoint-*"))
        trainer.train(resume_from_checkpoint=has_checkpoint)
        seconds = time.monotonic() - started
        trainer.score = lambda model: score_model(model, tokenizer, self.plan, scored)
        final = trainer.evaluate()
        self._save(trainer.model, tokenizer)
        summary = self._summary(final, trainer.state.global_step, seconds, train, held_out, scored)
        (self.folder / SUMMARY_FILE).write_text(
            json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        return summary

    # -- data

    def _items(self, examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> list[Item]:
        """The examples that the adapter would read back as they are, and that are short enough."""
        choose = random.Random(self.plan.seed)
        found = (self._item(example, tokenizer, choose) for example in examples)
        return [item for item in found if item is not None]

    def _item(self, example: Example, tokenizer: PreTrainedTokenizerBase, choose: random.Random) -> Item | None:
        adapter = self.plan.prompts
        question = Question(goals=split_goals(example.state), premises=self._premises_for(example, choose))
        if adapter.parse(example.tactic, question) != (example.tactic,):
            return None
        prompt = adapter.prompt(question, adapter.traits.context_tokens).text
        asked, said = tokenizer(prompt)["input_ids"], tokenizer(example.tactic)["input_ids"]
        if max(len(asked), len(said)) > self.plan.token_limit:
            return None
        if self.plan.kind is ModelKind.SEQ2SEQ:
            ids, labels = asked, said
        else:
            end = [tokenizer.eos_token_id]
            ids, labels = asked + said + end, [_IGNORED] * len(asked) + said + end
        return Item(prompt=prompt, tactic=example.tactic, question=question, input_ids=ids, labels=labels)

    def _premises_for(self, example: Example, choose: random.Random) -> tuple[Premise, ...]:
        """Those that the step used among others, in any order: retrieval does not know which are the right ones."""
        if not self.premises or not self.plan.prompts.traits.premise_count:
            return ()
        names = [name for name in example.premises if name in self.premises]
        names += choose.sample(sorted(self.premises), min(_DISTRACTORS, len(self.premises)))
        names = list(dict.fromkeys(names))
        choose.shuffle(names)
        return tuple(self.premises[name] for name in names)

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
        updates = max(1, math.ceil(count / plan.batch_size))
        has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return TrainingArguments(
            output_dir=str(self.folder / CHECKPOINTS),
            num_train_epochs=plan.epochs,
            per_device_train_batch_size=plan.micro_batch_size,
            per_device_eval_batch_size=plan.micro_batch_size,
            gradient_accumulation_steps=max(1, plan.batch_size // plan.micro_batch_size),
            learning_rate=plan.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=min(100, updates),
            weight_decay=0.01,
            bf16=has_bf16,
            logging_steps=max(1, updates // _LOGS_AN_EPOCH),
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=2,
            load_best_model_at_end=True,
            metric_for_best_model="loss",
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
        adapter = self.plan.prompts.traits
        card = [
            f'adapter = "{self.plan.adapter}"',
            f'architecture = "{"encoder-decoder" if self.plan.kind is ModelKind.SEQ2SEQ else "decoder"}"',
            f"folder = {json.dumps(str(self.folder.absolute()), ensure_ascii=False)}",
            'licence = "as its base model and its data"',
            f"parameters = {sum(parameter.numel() for parameter in model.parameters())}",
            'precision = "fp32"',
            f"context_tokens = {min(adapter.context_tokens, self.plan.token_limit)}",
            "",
            "[decoding]",
            'strategy = "beam"',
            f"candidate_count = {CANDIDATES}",
            f"max_new_tokens = {NEW_TOKENS[self.plan.kind]}",
            "",
        ]
        (self.folder / f"{self.folder.absolute().name}.toml").write_text("\n".join(card), encoding="utf-8")

    def _summary(
        self,
        final: Mapping[str, float],
        steps: int,
        seconds: float,
        train: Sequence[Item],
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


class _Collator:
    """Pads items to one batch, on the right: where nothing is generated the side does not matter."""

    def __init__(self, pad_id: int, kind: ModelKind) -> None:
        self._pad_id = pad_id
        self._kind = kind

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        ids = _padded([item.input_ids for item in items], self._pad_id)
        lengths = torch.tensor([len(item.input_ids) for item in items])
        return {
            "input_ids": ids,
            "attention_mask": (torch.arange(ids.shape[1]) < lengths.unsqueeze(1)).long(),
            "labels": _padded([item.labels for item in items], _IGNORED),
        }


class _Trainer(Trainer):
    """Adds exact match on what is held out to every evaluation, and puts examples of like length together."""

    score: Callable[[Any], ExactMatch]

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


def _padded(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])

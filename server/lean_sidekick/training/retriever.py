"""Fine-tunes an encoder on (state, premise) pairs, with in-batch and hard negatives: sentence-transformers, or ByT5.

Trains on exactly the texts that the program will ask with (those of the encoder's format), scores recall on modules
that were never trained on before and after, beside BM25 over words, and leaves a folder that the model worker loads.
The loop is sentence-transformers' Trainer; a run that was ended goes on from its last checkpoint.
"""

import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.base.evaluation import BaseEvaluator
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import PrinterCallback

from lean_sidekick.core.errors import InputError
from lean_sidekick.model_worker.backends.loading import find_folder, pick_device
from lean_sidekick.model_worker.backends.shapes import SHAPES, write_model
from lean_sidekick.model_worker.messages import ModelKind, ModelSpec
from lean_sidekick.premises.formats import KNOWN_ENCODERS, WRITING, TokenVector, Writing
from lean_sidekick.training.callbacks import DeadlineCallback, RecordCallback
from lean_sidekick.training.curves import read_metrics
from lean_sidekick.training.examples import Split
from lean_sidekick.training.hard_negatives import Pair, PairMaker
from lean_sidekick.training.plan import CHECKPOINTS, METRICS_FILE, SUMMARY_FILE, RetrieverPlan
from lean_sidekick.training.ranking_loss import RankingLoss
from lean_sidekick.training.retrieval_data import LabelledState, TrainingCorpus
from lean_sidekick.training.retrieval_score import RECALL_AT, RecallTally

_LOGS_AN_EPOCH = 10
_MODULES_FILE = "modules.json"
_BEST = "recall@10"


@define
class RetrieverTraining:
    """One run; `report` gets a line for people now and then."""

    plan: RetrieverPlan
    split: Split[LabelledState]
    corpus: TrainingCorpus
    folder: Path
    report: Callable[[str], None]
    _maker: PairMaker = field(init=False)
    _train: range = field(init=False)

    @_maker.default
    def _make_maker(self) -> PairMaker:
        return PairMaker(self.corpus, (*self.split.train, *self.split.held_out))

    @_train.default
    def _number_train(self) -> range:
        return range(len(self.split.train))

    def run(self, *, is_resumed: bool) -> Mapping[str, object]:
        """Trains, scores, saves; gives the summary that it wrote. Raises InputError and ModelUnavailable."""
        if not self.split.held_out:
            raise InputError("No module is held out: name one with --hold-out, or raise --hold-out-share.")
        device = pick_device(self.plan.device)
        model = self._load(device)
        states = self._maker.states
        pairs = self._maker.pairs(self._train, self.plan.negatives, self.plan.seed)
        held_out = self._maker.pairs(range(len(self._train), len(states)), self.plan.negatives, self.plan.seed)
        asked = list(self.split.held_out)
        scored = random.Random(self.plan.seed).sample(asked, min(self.plan.scored_limit, len(asked)))
        self.report(
            f"{len(pairs)} pairs of {len(self.split.train)} states to train on, {len(asked)} states of "
            f"{len(self.split.held_out_groups)} modules held out, {len(self.corpus.premises)} premises"
        )
        evaluator = _RecallEvaluator(scored, self.corpus, self._writing, self.plan.batch_size)
        before = self._score_before(model, evaluator, is_resumed=is_resumed)
        trainer = SentenceTransformerTrainer(
            model=model,
            args=self._arguments(len(pairs), device),
            train_dataset=self._dataset(pairs),
            eval_dataset=self._dataset(held_out),
            loss=RankingLoss(model, [self._maker.true_of(state) for state in states]),
            evaluator=evaluator,
            callbacks=[
                RecordCallback(self.folder / METRICS_FILE, self.report),
                DeadlineCallback(self.plan.time_limit_s),
            ],
        )
        trainer.remove_callback(PrinterCallback)  # standard output is not its
        started = time.monotonic()
        has_checkpoint = is_resumed and any((self.folder / CHECKPOINTS).glob("checkpoint-*"))
        trainer.train(resume_from_checkpoint=has_checkpoint)
        seconds = time.monotonic() - started
        after = evaluator(trainer.model)
        trainer.model.save_pretrained(str(self.folder), create_model_card=False, safe_serialization=True)
        summary = {
            "base": self.plan.base,
            "format": self.plan.format.value,
            "train_states": len(self.split.train),
            "train_pairs": len(pairs),
            "premises": len(self.corpus.premises),
            "held_out_states": len(scored),
            "held_out_modules": list(self.split.held_out_groups),
            "like_a_held_out_state": self.split.dropped,
            "updates": trainer.state.global_step,
            "seconds": round(seconds, 1),
            "before": _rounded(before),
            "after": _rounded(after),
            "lexical": _rounded(self._score_lexical(scored)),
        }
        (self.folder / SUMMARY_FILE).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        return summary

    @property
    def _writing(self) -> Writing:
        return WRITING[self.plan.format]

    def _load(self, device: torch.device) -> SentenceTransformer:
        known = KNOWN_ENCODERS.get(self.plan.base)
        if known is not None and known.premises is not None:
            raise InputError(f"{self.plan.base} has a model of its own for premises; one encoder is trained for both.")
        if self.plan.base in SHAPES:
            folder = self.folder / "base"
            if not self.plan.base.startswith("byt5"):
                raise InputError(
                    f"{self.plan.base} writes texts; of the shapes, byt5-mini and byt5-small are encoders."
                )
            if not folder.is_dir():
                write_model(self.plan.base, folder, (), self.plan.seed)
        else:
            folder = find_folder(ModelSpec(source=self.plan.base, kind=ModelKind.ENCODER))
        options = {"dtype": torch.float32, "use_safetensors": True, "local_files_only": True}
        if (folder / _MODULES_FILE).is_file():
            model = SentenceTransformer(
                str(folder), device=device.type, local_files_only=True, trust_remote_code=False, model_kwargs=options
            )
        else:
            local = {"local_files_only": True, "trust_remote_code": False}
            transformer = Transformer(
                str(folder), model_kwargs=options, processor_kwargs=dict(local), config_kwargs=dict(local)
            )
            mode = "lasttoken" if self._writing.pooling is TokenVector.LAST else "mean"
            pooling = Pooling(transformer.get_embedding_dimension(), mode)
            model = SentenceTransformer(modules=[transformer, pooling], device=device.type)
        model.model_card_data.generate_widget_examples = False
        limit = min(self.plan.token_limit, self._writing.max_tokens)
        model.max_seq_length = min(limit, model.max_seq_length or limit)
        return model

    def _dataset(self, pairs: Sequence[Pair]) -> Dataset:
        """Texts in columns, and the numbers of what they stand for as the label."""
        states, premises, writing = self._maker.states, self.corpus.premises, self._writing
        columns: dict[str, list[Any]] = {
            "state": [writing.goal(states[pair.state].goal) for pair in pairs],
            "used": [writing.premise(premises[pair.used]) for pair in pairs],
        }
        for place in range(self.plan.negatives):
            columns[f"not used {place + 1}"] = [writing.premise(premises[pair.not_used[place]]) for pair in pairs]
        columns["label"] = [[pair.state, pair.used, *pair.not_used] for pair in pairs]
        return Dataset.from_dict(columns)

    def _arguments(self, count: int, device: torch.device) -> SentenceTransformerTrainingArguments:
        plan = self.plan
        updates = max(1, math.ceil(count / plan.batch_size))
        return SentenceTransformerTrainingArguments(
            output_dir=str(self.folder / CHECKPOINTS),
            num_train_epochs=plan.epochs,
            per_device_train_batch_size=plan.batch_size,
            per_device_eval_batch_size=plan.batch_size,
            learning_rate=plan.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=min(100, max(1, updates // 4)),
            weight_decay=0.01,
            bf16=device.type == "cuda" and torch.cuda.is_bf16_supported(),
            logging_steps=max(1, updates // _LOGS_AN_EPOCH),
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=2,
            load_best_model_at_end=True,
            metric_for_best_model=_BEST,
            greater_is_better=True,
            use_cpu=device.type == "cpu",
            seed=plan.seed,
            report_to=[],
            disable_tqdm=True,
        )

    def _score_before(
        self, model: SentenceTransformer, evaluator: "_RecallEvaluator", *, is_resumed: bool
    ) -> Mapping[str, float]:
        """Recall of the model as it came; the first row of the figures, which a resumed run has already."""
        path = self.folder / METRICS_FILE
        if is_resumed and path.is_file():
            for row in read_metrics(path):
                if row["step"] == 0 and f"eval_{_BEST}" in row:
                    return {name.removeprefix("eval_"): row[name] for name in row if name.startswith("eval_")}
        found = evaluator(model)
        row = {"step": 0, "epoch": 0.0, **{f"eval_{name}": value for name, value in found.items()}}
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        return found

    def _score_lexical(self, scored: Sequence[LabelledState]) -> Mapping[str, float]:
        tally = RecallTally()
        for state in scored:
            tally.add(self._maker.lexical(state, max(RECALL_AT)).tolist(), self.corpus.numbers(state.used), state.used)
        return tally.figures()


class _RecallEvaluator(BaseEvaluator):
    """Recall of an encoder over the premises that each state sees."""

    def __init__(self, states: Sequence[LabelledState], corpus: TrainingCorpus, writing: Writing, batch: int) -> None:
        super().__init__()
        self.primary_metric = _BEST
        self._states = states
        self._corpus = corpus
        self._batch = batch
        self._questions = [writing.goal(state.goal) for state in states]
        self._premises = [writing.premise(premise) for premise in corpus.premises]

    def __call__(
        self, model: SentenceTransformer, output_path: str | None = None, epoch: float = -1, steps: int = -1
    ) -> dict[str, float]:
        """The figures; vectors are compared exactly, without quantising."""
        premises = self._encode(model, self._premises)
        tally = RecallTally()
        for state, question in zip(self._states, self._encode(model, self._questions), strict=True):
            products = premises @ question
            products[~torch.from_numpy(self._corpus.accessible(state))] = -math.inf
            best = torch.topk(products, min(max(RECALL_AT), len(products)))
            ranked = [
                number
                for number, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
                if value > -math.inf
            ]
            tally.add(ranked, self._corpus.numbers(state.used), state.used)
        return tally.figures()

    def _encode(self, model: SentenceTransformer, texts: Sequence[str]) -> torch.Tensor:
        vectors: torch.Tensor = model.encode(
            list(texts),
            batch_size=self._batch,
            convert_to_tensor=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return vectors.float().cpu()


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}

"""Examples as tokens for the training of a model that writes tactics: prompts, labels, batches.

The prompts are the adapter's, cut to the length that the model will be asked with. What is only trained on can be
multiplied: steps under other names, and the prompts themselves as something to learn.
"""

import random
from collections.abc import Mapping, Sequence

import torch
from attrs import field, frozen
from transformers import PreTrainedTokenizerBase

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import split_goals
from lean_sidekick.core.premises import Premise
from lean_sidekick.model_worker.messages import ModelKind
from lean_sidekick.tactics.prompts.api import Question
from lean_sidekick.training.examples import Example
from lean_sidekick.training.plan import TrainingPlan
from lean_sidekick.training.renamed import Renamer

IGNORED = -100
"""The label of a token that is not learned."""

_DISTRACTORS = 20
_GAPPED_SHARE = 0.15
_GAP_TOKENS = (3, 12)


@frozen(kw_only=True)
class Item:
    """An example as tokens. `prompt` and `tactic` are the texts that they stand for."""

    prompt: str
    tactic: str
    question: Question
    input_ids: list[int]
    labels: list[int]


@frozen(kw_only=True)
class ItemMaker:
    """Makes items. `premises` are those of the corpus by full name."""

    plan: TrainingPlan
    premises: Mapping[str, Premise]
    tokenizer: PreTrainedTokenizerBase
    _names: Sequence[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_names", sorted(self.premises))

    def scored(self, examples: Sequence[Example]) -> list[Item]:
        """An item for each example whose tactic the adapter would read back as it is."""
        choose = random.Random(self.plan.seed)
        found = (self._item(example, choose, learns_prompt=False) for example in examples)
        return [item for item in found if item is not None]

    def trained(self, examples: Sequence[Example]) -> list[Item]:
        """The same, as far as they are short enough to be trained on."""
        choose = random.Random(self.plan.seed)
        return [item for example in examples for item in self._trained(example, choose)]

    def added(self, examples: Sequence[Example]) -> list[Item]:
        """What is trained on beside the examples: variants under other names, and prompts with gaps to fill."""
        choose = random.Random(self.plan.seed)
        renamer = Renamer(examples)
        found: list[Item] = []
        for example in examples:
            for version in (renamer.variant(example, choose) for _ in range(self.plan.variants)):
                found += self._trained(version, choose) if version is not None else []
        if self.plan.learns_prompts and self.plan.kind is ModelKind.SEQ2SEQ:
            found += [self._gapped(item, choose) for item in [*self.trained(examples), *found]]
        return found

    def _trained(self, example: Example, choose: random.Random) -> Sequence[Item]:
        item = self._item(example, choose, learns_prompt=self.plan.learns_prompts)
        is_short = item is not None and max(len(item.input_ids), len(item.labels)) <= self.plan.token_limit
        return [item] if item is not None and is_short else []

    def _item(self, example: Example, choose: random.Random, *, learns_prompt: bool) -> Item | None:
        adapter, plan = self.plan.prompts, self.plan
        question = Question(goals=split_goals(example.state), premises=self._premises_for(example, choose))
        if adapter.parse(example.tactic, question) != (example.tactic,):
            return None
        prompt = adapter.prompt(question, plan.prompt_room).text
        asked, said = self.tokenizer(prompt)["input_ids"], self.tokenizer(example.tactic)["input_ids"]
        if plan.kind is ModelKind.SEQ2SEQ:
            ids, labels = asked, said
        else:
            end = [self.tokenizer.eos_token_id]
            unsaid = asked if learns_prompt else [IGNORED] * len(asked)
            ids, labels = asked + said + end, unsaid + said + end
        return Item(prompt=prompt, tactic=example.tactic, question=question, input_ids=ids, labels=labels)

    def _gapped(self, item: Item, choose: random.Random) -> Item:
        """The prompt with gaps, whose texts are to be written: span corruption (Raffel et al., T5, 2020)."""
        ids, asked, said = item.input_ids[:-1], list[int](), list[int]()
        shortest, longest = _GAP_TOKENS
        count = max(1, round(_GAPPED_SHARE * len(ids) / ((shortest + longest) / 2)))
        for gap in range(count):
            part = ids[gap * len(ids) // count : (gap + 1) * len(ids) // count]
            size = min(choose.randint(shortest, longest), len(part))
            start = choose.randrange(len(part) - size + 1)
            mark = self._mark(gap)
            asked += [*part[:start], mark, *part[start + size :]]
            said += [mark, *part[start : start + size]]
        end = item.input_ids[-1:]
        return Item(
            prompt=item.prompt,
            tactic=item.tactic,
            question=item.question,
            input_ids=asked + end,
            labels=[*said, self._mark(count), *end],
        )

    def _mark(self, number: int) -> int:
        """The token that stands for a gap."""
        token = self.tokenizer.convert_tokens_to_ids(f"<extra_id_{number}>")
        if not isinstance(token, int) or token == self.tokenizer.unk_token_id:
            raise InputError(f"{self.plan.base} has no tokens for gaps in prompts: leave --learn-prompts out.")
        return token

    def _premises_for(self, example: Example, choose: random.Random) -> tuple[Premise, ...]:
        """Those that the step used among others, in any order: retrieval does not know which are the right ones."""
        if not self.premises or not self.plan.prompts.traits.premise_count:
            return ()
        names = [name for name in example.premises if name in self.premises]
        names += choose.sample(self._names, min(_DISTRACTORS, len(self._names)))
        names = list(dict.fromkeys(names))
        choose.shuffle(names)
        return tuple(self.premises[name] for name in names)


class Collator:
    """Pads items to one batch, on the right: where nothing is generated the side does not matter."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, items: Sequence[Item]) -> dict[str, torch.Tensor]:
        ids = _padded([item.input_ids for item in items], self._pad_id)
        lengths = torch.tensor([len(item.input_ids) for item in items])
        return {
            "input_ids": ids,
            "attention_mask": (torch.arange(ids.shape[1]) < lengths.unsqueeze(1)).long(),
            "labels": _padded([item.labels for item in items], IGNORED),
        }


def _padded(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])

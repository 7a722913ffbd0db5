"""Candidates at several places below one site, in one edit. Pure.

The main goal is copied once for each place; in the copy's block stand the tactics that lead to the place, and behind
them the candidates as `packing.pack` lays them out:

    (refine (fun (p : Sort _) (h _ : p) => h) _ ?_ ?_)
    · (constructor)
      (refine (fun (p : Sort _) (h _ _ : p) => h) _ ?_ ?_ ?_)
      · (skip)
        …
      all_goals admit
    · (skip)
      …

A `skip` always speaks. One stands at the end of all, to show that everything was parsed, and one before and behind the
candidates of each place. Where one of them is silent, or the heartbeats ran out, nothing is said of what it concerns,
and whoever asked has to ask again for that place alone.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.api import Place
from lean_sidekick.verify.dialect import Dialect
from lean_sidekick.verify.packing import (
    Lines,
    Packed,
    Slot,
    bounded,
    check_options,
    copies,
    parenthesized,
    reached_end,
    read_slots,
    shadow_text,
    slot_lines,
    untrail,
)

_SETTLED = (OutcomeKind.CLOSED, OutcomeKind.PROGRESS, OutcomeKind.NO_CHANGE, OutcomeKind.FAILED)


@frozen(kw_only=True)
class PackedPlaces:
    """A shadow text for several places; `parts` are its slots by place, with a `skip` before and behind; the one slot
    of `packed` is the last of all."""

    packed: Packed
    parts: tuple[tuple[Slot, ...], ...]


def pack_places(
    site: ProofSite, places: Sequence[Place], dialect: Dialect, *, base: str, heartbeats: int
) -> PackedPlaces:
    """A shadow text that runs all candidates of all places."""
    lines = [copies(len(places) + 1)]
    spots: list[list[tuple[int, int]]] = []
    for place in places:
        texts = ["skip", *(candidate.text for candidate in place.candidates), "skip"]
        inside = [line for step in place.steps for line in parenthesized(step)]
        inside.append(copies(len(texts)))
        found = []
        for text in texts:
            block = slot_lines(bounded(text, dialect), dialect)
            found.append((len(lines) + len(inside), len(block)))
            inside += block
        inside.append(f"{dialect.all_goals} admit")
        lines += [f"· {inside[0]}", *(f"  {line}" for line in inside[1:])]
        spots.append(found)
    end = slot_lines("skip", dialect)
    last = (len(lines), len(end))
    lines += end
    packed = shadow_text(site, "\n".join(lines), base=base, options=check_options(dialect, heartbeats), has_end=False)
    parts = tuple(tuple(_slot(packed.hole_line + line, height) for line, height in found) for found in spots)
    packed = evolve(packed, slots=(_slot(packed.hole_line + last[0], last[1]),))
    return PackedPlaces(packed=packed, parts=parts)


def read_places(
    packed: PackedPlaces, places: Sequence[Place], diagnostics: Sequence[Diagnostic]
) -> list[dict[str, Outcome]]:
    """What is settled at each place, by candidate text."""
    if not reached_end(packed.packed, diagnostics):
        return [{} for _ in places]
    found: list[dict[str, Outcome]] = []
    for index, (place, slots) in enumerate(zip(places, packed.parts, strict=True)):
        part = evolve(packed.packed, slots=slots)
        first, *_ = read_slots(part, diagnostics, None)
        if not isinstance(first, Outcome) or len(first.goals) != 1 or not reached_end(part, diagnostics):
            found.append({})
            continue
        verdicts = read_slots(part, diagnostics, first.goals[0])[1:-1]
        settled = zip(place.candidates, verdicts, strict=True)
        found.append(
            {
                candidate.text: _untrailed(verdict, index, len(places) + 1)
                for candidate, verdict in settled
                if isinstance(verdict, Outcome) and verdict.kind in _SETTLED
            }
        )
    return found


def _slot(line: int, height: int) -> Slot:
    return Slot(
        candidate_lines=Lines(line, line + height - 3), done_line=line + height - 2, mark_line=line + height - 1
    )


def _untrailed(outcome: Outcome, index: int, count: int) -> Outcome:
    return evolve(outcome, goals=tuple(untrail(goal, index, count) for goal in outcome.goals))

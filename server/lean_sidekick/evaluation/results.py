"""What a run found, theorem by theorem, and how it stands in `results.jsonl`.

A row has the fields of `prove --json` for the attempt that counts: the first one that proved the theorem, else the
first of all. With several attempts a row lists them all, each with its proof.
"""

from collections.abc import Mapping

from attrs import frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.engine.api import ProofResult, ProofStatus
from lean_sidekick.evaluation.items import Item
from lean_sidekick.storage.json_lines import Record


@frozen(kw_only=True)
class AttemptTask:
    """An attempt to be made: the number of the theorem in the data, the number of the attempt, and its seed."""

    index: int
    item: Item
    attempt: int
    seed: int


@frozen(kw_only=True)
class Attempt:
    """One attempt at a theorem.

    `seconds` are those of the search; `opening_s` went before it, into reading the file up to the place. `falsehood` is
    why a plain run of Lean rejects a proof that was reported, "" if it accepts it or there is none.
    `trace` names the file of the search tree in the run's folder, "" without one.
    """

    seed: int
    status: ProofStatus
    proof: str | None
    axioms: tuple[str, ...]
    seconds: float
    checks: int
    message: str
    refused_by_final_check: int
    opening_s: float = 0.0
    falsehood: str = ""
    trace: str = ""

    @property
    def is_proof(self) -> bool:
        """Whether it proved the theorem, and the plain run agrees."""
        return self.status is ProofStatus.PROVED and not self.falsehood

    @classmethod
    def of(cls, result: ProofResult, seed: int, falsehood: str) -> "Attempt":
        """The attempt that ended with an engine's result."""
        return cls(
            seed=seed,
            status=result.status,
            proof=result.proof,
            axioms=result.axioms,
            seconds=round(result.seconds, 3),
            checks=result.checks,
            message=result.message,
            refused_by_final_check=result.refused_by_final_check,
            opening_s=round(result.opening_s, 3),
            falsehood=falsehood,
        )

    @classmethod
    def error(cls, seed: int, message: str) -> "Attempt":
        """An attempt that could not be made."""
        return cls(
            seed=seed,
            status=ProofStatus.ERROR,
            proof=None,
            axioms=(),
            seconds=0.0,
            checks=0,
            message=message,
            refused_by_final_check=0,
        )


@frozen(kw_only=True)
class TheoremResult:
    """All attempts at one theorem; there is at least one. `defect` is what is known to be wrong with its statement."""

    name: str
    attempts: tuple[Attempt, ...]
    defect: str = ""

    @property
    def proofs(self) -> tuple[Attempt, ...]:
        """The attempts that proved it."""
        return tuple(attempt for attempt in self.attempts if attempt.is_proof)

    @property
    def best(self) -> Attempt:
        """The attempt that counts: the first that proved it, else the first."""
        return (self.proofs or self.attempts)[0]


def theorem_fields(result: TheoremResult) -> dict[str, object]:
    """The row of a theorem."""
    fields = {"declaration": result.name, **attempt_fields(result.best)}
    if result.defect:
        fields["known_defect"] = result.defect
    if len(result.attempts) > 1:
        fields["attempts"] = [attempt_fields(attempt) for attempt in result.attempts]
    return fields


def attempt_fields(attempt: Attempt) -> dict[str, object]:
    """An attempt as JSON has it."""
    fields: dict[str, object] = {
        "status": attempt.status.value,
        "proof": attempt.proof,
        "axioms": list(attempt.axioms),
        "seconds": attempt.seconds,
        "opening_s": attempt.opening_s,
        "checks": attempt.checks,
        "message": attempt.message,
        "seed": attempt.seed,
        "refused_by_final_check": attempt.refused_by_final_check,
    }
    if attempt.falsehood:
        fields["falsehood"] = attempt.falsehood
    if attempt.trace:
        fields["trace"] = attempt.trace
    return fields


def read_theorem(record: Record) -> TheoremResult:
    """The result in a row. Raises InputError."""
    inner = record.items("attempts") if "attempts" in record.fields else (record.fields,)
    return TheoremResult(
        name=record.text("declaration"),
        attempts=tuple(_attempt(fields, record.place) for fields in inner),
        defect=record.optional_text("known_defect"),
    )


def read_attempt(record: Record) -> Attempt:
    """The attempt in a row of its own. Raises InputError."""
    return _attempt(record.fields, record.place)


def _attempt(fields: object, place: str) -> Attempt:
    if not isinstance(fields, Mapping):
        raise InputError(f"{place}: an attempt is no object.")
    record = Record(fields=fields, place=place)
    try:
        status = ProofStatus(record.text("status"))
    except ValueError:
        raise InputError(f"{place}: {fields['status']} is no status.") from None
    return Attempt(
        seed=int(record.number("seed")) if "seed" in fields else 0,
        status=status,
        proof=record.optional_text("proof") if fields.get("proof") is not None else None,
        axioms=tuple(str(axiom) for axiom in record.items("axioms")),
        seconds=float(record.number("seconds")),
        checks=int(record.number("checks")),
        message=record.optional_text("message"),
        refused_by_final_check=int(record.number("refused_by_final_check"))
        if "refused_by_final_check" in fields
        else 0,
        opening_s=record.number("opening_s") if "opening_s" in fields else 0.0,
        falsehood=record.optional_text("falsehood"),
        trace=record.optional_text("trace"),
    )

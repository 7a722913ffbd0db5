"""A batch says what one-by-one checking says: over the whole development set, on what a real Lean answered."""

from collections import defaultdict

from attrs import evolve

from lean_sidekick.lean.diagnostics import Severity
from support.check_questions import OWN, places
from support.check_recording import TIMED_OUT, batch_verdicts, disagreements, read_records
from support.hostile import HOSTILE


async def test_batch_and_single_agree_at_every_statement() -> None:
    records = read_records()
    asked = 0
    contradicted: list[str] = []
    seen: set[str] = set()
    kinds: set[str] = set()
    for place in places():
        record = records[place.name]
        batch = await batch_verdicts(place, record)
        contradicted += disagreements(record, batch)
        asked += len(batch)
        seen.update(batch)
        kinds.update(said.split()[0] for said in batch.values())
    assert contradicted == []
    assert len(records) == 196 and asked > 196 * OWN
    assert set(HOSTILE) <= seen, "every hostile candidate was asked about"
    assert {"closed", "progress", "no", "failed", "refused"} <= kinds


async def test_where_lean_says_nothing_nothing_is_good() -> None:
    """The guard of the test above: with what Lean said of candidates taken away, no verdict may be a good one."""
    records = read_records()
    # After a `have` some candidates are run alone, in texts that look like the one which only prints the goals.
    for place in [place for place in places() if "have " not in place.site.text][::16]:
        record = records[place.name]
        # A text with candidates always has errors; one that only prints the goals of the site has none.
        goals = {
            key: said
            for key, said in record.answers.items()
            if said != TIMED_OUT and all(severity != Severity.ERROR.value for _, _, severity, _ in said)
        }
        silent = evolve(record, answers=defaultdict(list, goals))
        kinds = {said.split()[0] for said in (await batch_verdicts(place, silent)).values()}
        assert not kinds.intersection({"closed", "progress", "no"}), place.name

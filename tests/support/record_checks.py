"""Records the generated questions from a real Lean (LEAN_SIDEKICK_LEAN, or on the PATH).

    python -m support.record_checks [--all]

Asks again at the places whose recording no longer answers, or where the batch and one-by-one checking disagree; at all
places with `--all`, which takes 10 to 40 minutes. Prints every disagreement, and each verdict that changed to "closed".
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import NotRecorded
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.settings.settings import Settings
from support.check_questions import Place, candidates_at, places
from support.check_recording import (
    PATH,
    ListeningServer,
    Record,
    batch_verdicts,
    disagreements,
    is_no_verdict,
    read_records,
    verdict,
    verifier_on,
    write_records,
)


async def still_answers(place: Place, record: Record) -> bool:
    """Whether a recording answers all that is asked, and its batch agrees with its single checks."""
    try:
        return disagreements(record, await batch_verdicts(place, record)) == []
    except NotRecorded:
        return False


async def main() -> None:
    """Makes the recording."""
    old = read_records() if PATH.exists() else {}
    folder = Path(tempfile.mkdtemp())
    started = await start_verifier(folder, Settings(lean_path=os.environ.get("LEAN_SIDEKICK_LEAN", "")))
    records = []
    try:
        for place in places():
            if place.name in old and "--all" not in sys.argv and await still_answers(place, old[place.name]):
                records.append(old[place.name])
                continue
            server = ListeningServer(started.server)
            verifier = verifier_on(server)
            session = await verifier.open(place.site)
            budget = Budget(seconds=3600, checks=1_000_000)
            goals = (await session.site_state(budget)).state.goals
            candidates = await candidates_at(place, goals[0])
            alone = {
                c.candidate.text: verdict(c.outcome) async for c in session.check_one_by_one((), candidates, budget)
            }
            await verifier.close_document(place.site.uri)
            server.heard.clear()
            verifier = verifier_on(server)
            session = await verifier.open(place.site)
            await session.site_state(budget)
            batch = {c.candidate.text: verdict(c.outcome) async for c in session.check((), candidates, budget)}
            await verifier.close_document(place.site.uri)
            records.append(Record(name=place.name, verdicts=alone, answers=dict(server.heard)))
            for text, said in batch.items():
                if said != alone[text] and not (is_no_verdict(said) or is_no_verdict(alone[text])):
                    print(f"{place.name}: {text[:70]!r}: {said} in a batch, {alone[text]} alone")
                before = old[place.name].verdicts.get(text) if place.name in old else None
                if alone[text] == "closed" and before not in (None, "closed"):
                    print(f"{place.name}: {text[:70]!r} is closed now, was {before}")
            print(f"{len(records)} places", file=sys.stderr, end="\r")
    finally:
        await started.close()
    write_records(records)


if __name__ == "__main__":
    asyncio.run(main())

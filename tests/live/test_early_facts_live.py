"""The facts of early libraries on a real Lean: each that it has no lemma for is proved by what stands in the table."""

import asyncio
from pathlib import Path

import pytest

from lean_sidekick.core.render import indent
from lean_sidekick.tactics.early_facts_table import FACTS, WrittenFact

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


async def said_of(lean: Path, file: Path, text: str) -> str:
    """What Lean prints about a file."""
    file.write_text(text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(str(lean), str(file), stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), 300)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed.decode()


def proved(fact: WrittenFact) -> str:
    return f"have {fact.name} : {fact.statement} := by\n{indent(fact.proof, '  ')}\n"


async def test_facts_are_proved_where_the_lemma_is_not_there(real_lean: Path, tmp_path: Path) -> None:
    checks = [await said_of(real_lean, tmp_path / "a.lean", f"#check @{fact.lemma}\n") for fact in FACTS]
    lacking = [fact for fact, said in zip(FACTS, checks, strict=True) if "error" in said]
    for fact in lacking:
        needed = [one for one in FACTS if one.lemma in fact.needs]
        steps = "".join(map(proved, [*needed, fact])) + "trivial"
        text = f"example (α β : Type) : True := by\n{indent(steps, '  ')}\n"
        assert await said_of(real_lean, tmp_path / "a.lean", text) == "", fact.lemma

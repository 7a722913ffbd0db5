"""Judges finished proofs by a plain `lean` run on a written file.

Shares no code with `verify`: the second opinion on every proof that a benchmark reports. A proof is false if Lean
reports an error or a `sorry`, names an axiom outside the allowed set, or says nothing about axioms.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.lean.ending import end_tree
from lean_sidekick.lean.launch import plain_command
from lean_sidekick.lean.project import Project
from lean_sidekick.lean.toolchain import Toolchain

LIMIT_S = 300.0


@frozen(kw_only=True)
class PlainLean:
    """How a file is given to Lean: the program and its first arguments, the folder and the environment it runs in, and
    the axioms that a proof may use."""

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    allowed_axioms: frozenset[str]


def plain_lean(project: Project, toolchain: Toolchain, allowed_axioms: frozenset[str]) -> PlainLean:
    """The plain Lean of a project: `lake env lean` with a lakefile. Raises ImportsOutOfDate, ConfigError."""
    command = plain_command(project, toolchain, os.environ)
    return PlainLean(
        command=command.arguments,
        folder=command.folder,
        environment=command.environment,
        allowed_axioms=allowed_axioms,
    )


async def find_falsehood(lean: PlainLean, statement: str, name: str, proof: str) -> str | None:
    """Why a plain run rejects `proof` under `statement`; None if it accepts it. Raises LeanUnavailable."""
    block = "\n".join(f"  {line}" if line.strip() else line for line in proof.split("\n"))
    text = f"{statement.rstrip()}\n{block}\n\n#print axioms {name}\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Plain.lean")
        path.write_text(text, encoding="utf-8")
        try:
            process = await asyncio.create_subprocess_exec(
                *lean.command,
                str(path),
                cwd=lean.folder,
                env=dict(lean.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            raise LeanUnavailable(f"{lean.command[0]} cannot be started ({error.strerror}).") from error
        try:
            async with asyncio.timeout(LIMIT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            return f"the plain run did not end within {LIMIT_S:g} s"
        finally:
            await end_tree(process)
    return _read(output.decode(errors="replace"), process.returncode or 0, lean.allowed_axioms)


def _read(output: str, status: int, allowed: frozenset[str]) -> str | None:
    if error := re.search(r": error.*", output):
        return error.group().lstrip(": ")
    if status != 0:
        return f"exit status {status}"
    if re.search(r"declaration uses ['`]sorry['`]", output):
        return "it uses sorry"
    flat = " ".join(output.split())
    if "does not depend on any axioms" in flat:
        return None
    found = re.search(r"depends on axioms: \[([^\]]*)\]", flat)
    if found is None:
        return "Lean said nothing about axioms"
    extra = sorted({axiom.strip() for axiom in found.group(1).split(",")} - allowed)
    return f"it uses the axioms {', '.join(extra)}" if extra else None

"""Traces a repository with the package lean-dojo and writes down what it saw; a program of its own.

    python -P dojo_runner.py PROJECT OUT

Runs under the Python that has lean-dojo, which need not have Lean Sidekick: it imports nothing of it, and nothing of
Lean Sidekick imports it (`lean_dojo_run.py` starts it and reads what it wrote). OUT gets one JSON object a line: first
`{"lean_dojo", "url", "commit", "lean"}`, then one a file, with names and places as lean-dojo gives them. Ends with
status 3 where lean-dojo cannot be imported, with 4 where the repository cannot be traced; the last line on standard
error says why.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NO_LEAN_DOJO, NOT_TRACED = 3, 4


def main(arguments: list[str]) -> int:
    """Traces the repository named on the command line."""
    project, out = arguments
    # Files of packages that nothing imports are not read into memory.
    os.environ.setdefault("LOAD_USED_PACKAGES_ONLY", "1")
    try:
        import lean_dojo
    # lean-dojo asks git, the environment and (with a token) GitHub when it is imported; all of that can fail.
    except Exception as error:
        return _ended(NO_LEAN_DOJO, error)
    try:
        traced = lean_dojo.trace(lean_dojo.LeanGitRepo.from_path(project))
    # What lean-dojo raises is anything: of git, of GitHub, of lake, and assertions of its own.
    except Exception as error:
        return _ended(NOT_TRACED, error)
    repo = traced.repo
    origin = {"lean_dojo": lean_dojo.__version__, "url": repo.url, "commit": repo.commit, "lean": repo.lean_version}
    with Path(out).open("w", encoding="utf-8") as file:
        file.write(json.dumps(origin) + "\n")
        for row in _files(traced):
            file.write(json.dumps(row) + "\n")
    return 0


def _ended(status: int, error: Exception) -> int:
    text = " ".join(str(error).split()) or type(error).__name__
    sys.stderr.write(f"\n{type(error).__name__}: {text}\n")
    return status


def _files(traced: Any) -> Iterator[dict[str, object]]:
    for file in sorted(traced.traced_files, key=lambda one: str(one.path)):
        row: dict[str, object] = {"path": str(file.path), "imports": [], "premises": [], "theorems": [], "error": None}
        try:
            row |= {
                "imports": sorted(str(path) for _, path in file.get_direct_dependencies(traced.repo)),
                "premises": file.get_premise_definitions(),
                "theorems": [
                    _theorem(theorem, file) for theorem in file.get_traced_theorems() if theorem.repo == traced.repo
                ],
            }
        # One file that lean-dojo cannot handle (its assertions are many) must not cost the others.
        except Exception as error:
            row["error"] = f"lean-dojo: {type(error).__name__}: {' '.join(str(error).split())}"
        yield row


def _theorem(theorem: Any, file: Any) -> dict[str, object]:
    steps = list(theorem.get_traced_tactics())
    return {
        "full_name": theorem.theorem.full_name,
        "start": list(theorem.start),
        "end": list(theorem.end),
        "statement": theorem.get_theorem_statement(),
        "source": file.lean_file[theorem.start : theorem.end],
        "has_tactic_proof": theorem.has_tactic_proof(),
        "names": theorem.get_premise_full_names(),
        "steps": [
            {
                "start": list(step.start),
                "end": list(step.end),
                "annotated": list(step.get_annotated_tactic()),
                "state_before": step.state_before,
                "state_after": step.state_after,
            }
            for step in steps
        ],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

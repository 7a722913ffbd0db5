"""Lets the runner work on objects of the real lean-dojo, made from a made-up traced file, without network and Lean.

    PYTHON tests/support/real_lean_dojo.py RUNNER FOLDER OUT

PYTHON has lean-dojo. What lean-dojo's own extractor would have written beside a source file (syntax trees, states,
premises) is written here by hand; lean-dojo reads it, and the runner writes what it makes of it to OUT. Only `trace`
and the repository, which ask GitHub, are replaced.
"""

import importlib.util
import json
import sys
from pathlib import Path

SOURCE = """\
/-- doc -/
theorem P.a (n : Nat) : n + 0 = n := by
  rw [Nat.add_zero, -- here
      Nat.add_zero]
  exact rfl

theorem P.b : 1 = 1 := rfl
"""
PARSER = "Lean.Parser."


def span(text, start):
    first = SOURCE.index(text, start)
    return {"original": {"leading": "", "pos": first, "trailing": "", "endPos": first + len(text)}}


def atom(text, start=0):
    return {"atom": {"info": span(text, start), "val": text}}


def ident(text, start=0):
    return {"ident": {"info": span(text, start), "rawVal": text, "val": text, "preresolved": []}}


def node(kind, *arguments):
    return {"node": {"info": "none", "kind": kind, "args": list(arguments)}}


def theorem(start, name, signature, proof):
    value = node(PARSER + "Command.declValSimple", atom(":=", start), proof)
    name_node = node(PARSER + "Command.declId", ident(name, start))
    parts = atom("theorem", start), name_node, node(PARSER + "Command.declSig", atom(signature, start)), value
    modifiers = node(PARSER + "Command.declModifiers")
    return node(PARSER + "Command.declaration", modifiers, node(PARSER + "Command.theorem", *parts))


def premise(line):
    core = ".lake/packages/lean4/src/lean/Init/Core.lean"
    return {
        "fullName": "Nat.add_zero",
        "modName": "Init.Core",
        "defPath": core,
        "defPos": {"line": 9, "column": 8},
        "defEndPos": {"line": 9, "column": 16},
        "pos": {"line": line, "column": 6},
        "endPos": {"line": line, "column": 18},
    }


def traced():
    rw, exact, other = SOURCE.index("rw ["), SOURCE.index("exact"), SOURCE.index("theorem P.b")
    second = SOURCE.index("Nat.add_zero", rw + 10)
    rewriting = [atom("rw", rw), atom("[", rw), ident("Nat.add_zero", rw), atom(",", rw), ident("Nat.add_zero", second)]
    tactics = node(
        "null",
        node(PARSER + "Tactic.rwSeq", *rewriting, atom("]", rw)),
        node("null"),
        node(PARSER + "Tactic.exact", atom("exact", exact), ident("rfl", exact)),
    )
    block = node(PARSER + "Tactic.tacticSeq", node(PARSER + "Tactic.tacticSeq1Indented", tactics))
    by = node(PARSER + "Term.byTactic", atom("by"), block)
    before, between = "n : Nat\n⊢ n + 0 = n", "n : Nat\n⊢ n = n"
    return {
        "commandASTs": [
            node(PARSER + "Module.header"),
            theorem(0, "P.a", "(n : Nat) : n + 0 = n", by),
            theorem(other, "P.b", ": 1 = 1", ident("rfl", other)),
        ],
        "tactics": [
            {"pos": rw, "endPos": SOURCE.index("]", rw) + 1, "stateBefore": before, "stateAfter": between},
            {"pos": exact, "endPos": exact + 9, "stateBefore": between, "stateAfter": "no goals"},
        ],
        "premises": [premise(3), premise(4)],
    }


class Repository:
    """What lean-dojo asks of a repository once it is traced."""

    url, commit, name = "https://example.org/made", "c" * 40, "made"
    lean_version, is_lean4 = "v4.20.0", False


def main(runner_path, folder, out):
    import lean_dojo

    built = folder / ".lake" / "build" / "ir" / "P"
    for path in (built, folder / "P"):
        path.mkdir(parents=True)
    (folder / "P" / "A.lean").write_text(SOURCE, encoding="utf-8")
    (built / "A.dep_paths").write_text("", encoding="utf-8")
    (built / "A.ast.json").write_text(json.dumps(traced()), encoding="utf-8")
    repository = Repository()
    file = lean_dojo.TracedFile.from_traced_file(folder, built / "A.ast.json", repository)
    whole = lean_dojo.TracedRepo(repository, {}, folder, [file], None)
    file.traced_repo = whole
    lean_dojo.trace = lambda repo: whole
    lean_dojo.LeanGitRepo = type("LeanGitRepo", (), {"from_path": staticmethod(lambda path: repository)})
    spec = importlib.util.spec_from_file_location("runner", runner_path)
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    return runner.main([str(folder), str(out)])


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))

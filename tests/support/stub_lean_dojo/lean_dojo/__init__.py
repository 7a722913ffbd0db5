"""Stands in for the package lean-dojo (4.20): the names that `dojo_runner.py` uses, on a made-up traced repository.

The project to "trace" is a folder with `traced.json`, which says what the objects below answer; `fault` in it is
raised.
What a name takes and gives is that of lean-dojo; a name that lean-dojo does not have must not be here.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

__version__ = "4.20.0"

if os.environ.get("STUB_LEAN_DOJO") == "import fails":
    raise RuntimeError("BadCredentialsException: 401")


@dataclass(frozen=True)
class Pos:
    line_nb: int
    column_nb: int

    def __iter__(self):
        return iter((self.line_nb, self.column_nb))


@dataclass(frozen=True)
class LeanGitRepo:
    url: str
    commit: str
    lean_version: str = "v4.20.0"

    @classmethod
    def from_path(cls, path):
        if not (Path(path) / "traced.json").is_file():
            raise ValueError(f"{path} is not a valid URL")
        return cls(f"https://example.org/{Path(path).name}", "c" * 40)


@dataclass(frozen=True)
class LeanFile:
    lines: tuple[str, ...]

    def __getitem__(self, key: slice) -> str:
        (first, column), (last, end) = key.start, key.stop
        if first == last:
            return self.lines[first - 1][column - 1 : end - 1]
        middle = self.lines[first : last - 1]
        return "\n".join([self.lines[first - 1][column - 1 :], *middle, self.lines[last - 1][: end - 1]])


class TracedTactic:
    def __init__(self, fields):
        self.start, self.end = Pos(*fields["start"]), Pos(*fields["end"])
        self.state_before, self.state_after = fields["state_before"], fields["state_after"]
        self._annotated = fields["annotated"]

    def get_annotated_tactic(self):
        return self._annotated[0], self._annotated[1]


class TracedTheorem:
    def __init__(self, fields, repo):
        self._fields = fields
        self.repo = LeanGitRepo(fields["repo"], "d" * 40) if "repo" in fields else repo
        self.theorem = SimpleNamespace(full_name=fields["full_name"])
        self.start, self.end = Pos(*fields["start"]), Pos(*fields["end"])

    def get_traced_tactics(self, atomic_only=False):
        return [TracedTactic(one) for one in self._fields["steps"]]

    def get_theorem_statement(self):
        return self._fields["statement"]

    def has_tactic_proof(self):
        return self._fields["has_tactic_proof"]

    def get_premise_full_names(self):
        return self._fields["names"]


class TracedFile:
    def __init__(self, fields, repo):
        self._fields, self._repo = fields, repo
        self.path = Path(fields["path"])
        self.lean_file = LeanFile(tuple(fields["text"].split("\n")))

    def get_direct_dependencies(self, repo):
        return [(Path(path).stem, Path(path)) for path in self._fields["imports"]]

    def get_premise_definitions(self):
        if "fault" in self._fields:
            raise AssertionError(self._fields["fault"])
        return self._fields["premises"]

    def get_traced_theorems(self):
        return [TracedTheorem(one, self._repo) for one in self._fields["theorems"]]


def trace(repo, dst_dir=None, build_deps=True):
    print("lake build: this line must not get between ours")
    fields = json.loads((Path(os.environ["STUB_LEAN_DOJO_PROJECT"]) / "traced.json").read_text("utf-8"))
    if "fault" in fields:
        raise RuntimeError(fields["fault"])
    if fields.get("hangs"):
        import subprocess
        import sys

        Path(fields["hangs"]).write_text(str(os.getpid()), "utf-8")
        subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], check=True, start_new_session=True)
    return SimpleNamespace(repo=repo, traced_files=[TracedFile(one, repo) for one in fields["files"]])

"""`bench prove` and `bench recheck` from the shell, with an engine that tells what it was given and no real Lean."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from attrs import define, field

from lean_sidekick.cli import app, bench_prove
from lean_sidekick.core.budget import Budget
from lean_sidekick.core.errors import ConfigError, ImportsOutOfDate
from lean_sidekick.engine.api import DocumentText, ProofResult, ProofStatus, ProveProgress
from lean_sidekick.evaluation import curve, provers, report_prove
from lean_sidekick.search.options import PLAIN, Part, SearchKind, SearchOptions
from lean_sidekick.search.trace import SearchBegan, Trace
from lean_sidekick.settings.settings import Settings
from support.stand_in_lean import write_stand_in

PROOFS = {"easy": "trivial", "wrong": "exact bogus", "postulated": "exact axiomatic", "hard": None}
ROWS = [
    {
        "name": name,
        "statement": f"theorem {name} : True := by",
        "reference_proof": "exact SECRET",
        "premises": ["SECRET"],
        "one_liners": ["SECRET"],
        "axioms": ["SECRET"],
        "informal_proof": "SECRET",
    }
    for name in PROOFS
]


@define
class AskedEngine:
    """An engine that keeps all it is asked, and answers from `PROOFS`."""

    settings: Settings
    asked: list[tuple[DocumentText, Budget, SearchOptions]] = field(factory=list)

    async def prepare(self, *, for_words: bool = False) -> None:
        """Nothing to load."""

    async def prove_all(
        self,
        document: DocumentText,
        names: frozenset[str] | None,
        budget_each: Callable[[], Budget],
        on_progress: Callable[[ProveProgress], None],
        options: SearchOptions = PLAIN,
        trace: Trace | None = None,
    ) -> AsyncGenerator[ProofResult, None]:
        self.asked.append((document, budget_each(), options))
        name = document.text.split()[1]
        if trace is not None:
            trace.write(SearchBegan(declaration=name, kind="best-first", seconds=10.0, merges_states=True))
        proof = PROOFS[name]
        yield ProofResult(
            declaration=name,
            status=ProofStatus.PROVED if proof else ProofStatus.TIMED_OUT,
            proof=proof,
            edits=(),
            axioms=(),
            seconds=0.5,
            checks=7,
            message="" if proof else "no proof was found in 10 s",
        )

    async def close(self) -> None:
        pass


@define
class Bench:
    """The command line over a data file, and the engines that were opened for it."""

    folder: Path
    engines: list[AskedEngine] = field(factory=list)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, *arguments: str) -> int:
        common = ["--lean", str(self.folder / "lean"), "--out", str(self.out)]
        return app.run(["bench", "prove", str(self.folder / "data.jsonl"), *common, *arguments])

    def rows(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.out / "results.jsonl").read_text(encoding="utf-8").splitlines()]

    def summary(self) -> dict[str, object]:
        summary: dict[str, object] = json.loads((self.out / "summary.json").read_text(encoding="utf-8"))
        return summary


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    found = Bench(tmp_path)
    write_stand_in(tmp_path)
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")

    def open_engine(root: Path, settings: Settings) -> AskedEngine:
        found.engines.append(AskedEngine(settings))
        return found.engines[-1]

    monkeypatch.setattr(provers, "open_engine", open_engine)
    return found


@pytest.fixture(autouse=True)
def no_drawing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without matplotlib, which takes most of the time; the test of the curve has it."""

    def missing(*arguments: object) -> None:
        raise ConfigError("No figure was drawn: matplotlib is missing.")

    if "curve" not in request.node.name:
        monkeypatch.setattr(curve, "draw_curves", missing)
        monkeypatch.setattr(report_prove, "draw_curves", missing)


def test_the_prover_sees_only_name_and_statement(bench: Bench) -> None:
    """Nothing else of an item reaches the engine, and nothing that was remembered of earlier runs is used."""
    assert bench.run() == 1
    (engine,) = bench.engines
    assert [document.text for document, _, _ in engine.asked] == [f"theorem {name} : True := by\n" for name in PROOFS]
    assert "SECRET" not in repr(engine)
    assert "SECRET" not in (bench.out / "results.jsonl").read_text(encoding="utf-8")
    assert not engine.settings.cache_outcomes
    assert len({document.version for document, _, _ in engine.asked}) == len(PROOFS)


def test_figures_count_what_a_plain_run_accepts(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run()
    summary = bench.summary()
    expected = {"theorems": 4, "proved": 1, "false_proofs": 2, "checks_total": 28, "refused_by_final_check": 0}
    assert {name: summary[name] for name in expected} == expected
    assert summary["proved_at"] == {"1": 1, "2": 1, "5": 1, "10": 1}
    assert summary["proved_at_checks"]["10"] == 1  # type: ignore[index] # a table in JSON
    assert summary["pass_at"]["1"]["estimate"] == 0.25  # type: ignore[index] # a table in JSON
    assert [row.get("falsehood", "") for row in bench.rows()] == [
        "",
        "error: unknown identifier 'bogus'",
        "it uses the axioms my_axiom",
        "",
    ]
    shown = capsys.readouterr()
    assert "FALSE PROOF of wrong: error: unknown identifier 'bogus'" in shown.err
    assert "false_proofs             2" in shown.out
    assert "pass@1                   25.0% (95 %: " in shown.out
    assert "proved_at                1 at 1 s, 1 at 2 s, 1 at 5 s, 1 at 10 s\n" in shown.out
    assert "known_defective" not in shown.out


def test_imports_that_are_missing_say_how_to_name_the_project_that_has_them(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*arguments: object, **more: object) -> None:
        raise ImportsOutOfDate("`Mathlib` cannot be imported.")

    monkeypatch.setattr(bench_prove, "_run", refuse)
    hint = "Name the Lean project that has the imports of the theorems with --project."
    assert bench.run() == 2
    assert capsys.readouterr().err == f"lean-sidekick: `Mathlib` cannot be imported. {hint}\n"
    assert bench.run("--project", str(bench.folder)) == 2
    assert capsys.readouterr().err == "lean-sidekick: `Mathlib` cannot be imported.\n"


def test_the_result_says_how_it_was_made(bench: Bench) -> None:
    bench.run("--timeout", "3", "--seed", "5", "--without", "premises", "--every", "2")
    for name in ("run.json", "summary.json"):
        record = json.loads((bench.out / name).read_text(encoding="utf-8"))
        configuration = record["configuration"]
        assert (configuration["timeout_s"], configuration["seed"]) == (3.0, 5)
        assert configuration["without"] == ["premises"]
        assert record["data"]["name"] == "data.jsonl"
        assert record["data"]["every"] == 2
        assert len(record["data"]["sha256"]) == 64
        assert record["lean"].startswith("4.9.0")
        assert record["machine"]["cores"] >= 1
        assert str(bench.folder) not in json.dumps(record), "no path of a machine in what people commit"
    ((_, budget, options), _) = bench.engines[0].asked
    assert budget.seconds == 3.0
    assert options.kind is SearchKind.BEST_FIRST
    assert options.without == {Part.PREMISES}
    assert options.temperature == 0


def test_settings_of_a_run_are_used_and_recorded(bench: Bench, tmp_path: Path) -> None:
    value = tmp_path / "value.json"
    value.write_text("{}", encoding="utf-8")
    bench.run(
        "--setting", f"search.valueFile={value}", "--setting", "suggest.maxItems=3", "--setting", "suggest.learn=true"
    )
    (engine,) = bench.engines
    assert engine.settings.suggest_max_items == 3
    assert not engine.settings.learn, "what is remembered is not measured, whatever a setting says"
    assert all(options.value_file == str(value) for _, _, options in engine.asked)
    recorded = json.loads((bench.out / "run.json").read_text(encoding="utf-8"))["settings"]
    assert recorded["suggest_max_items"] == 3
    assert recorded["search_value_file"].startswith("value.json (")
    assert str(tmp_path) not in json.dumps(recorded)


def test_several_attempts_are_independent_and_all_kept(bench: Bench) -> None:
    bench.run("--attempts", "3", "--workers", "2")
    asked = [options for engine in bench.engines for _, _, options in engine.asked]
    assert len(asked) == 12
    assert len({options.seed for options in asked}) == 3
    assert all(options.temperature == 1.0 for options in asked)
    assert [len(row["attempts"]) for row in bench.rows()] == [3, 3, 3, 3]  # type: ignore[arg-type] # a list in JSON
    assert sorted(bench.summary()["pass_at"]) == ["1", "2", "3"]  # type: ignore[call-overload] # a table in JSON
    assert len({document.uri for engine in bench.engines for document, _, _ in engine.asked}) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--attempts", "2", "--temperature", "0"), "all attempts are the same"),
        (("--workers", "many"), "a number from 1 to 1024, or auto"),
        (("--setting", "search.kind"), "--setting takes NAME=VALUE"),
        (("--setting", "search.kind=sideways"), "search.kind in --setting is ignored: it must be"),
        (("--setting", "no.such=1"), "no.such"),
        (("--split", "test"), "no item of the split test"),
    ],
)
def test_wrong_use_is_one_sentence(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert bench.run(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not bench.engines


def test_a_finished_run_is_shown_and_not_made_again(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run()
    first = capsys.readouterr().out
    bench.run()
    again = capsys.readouterr()
    assert again.out == first
    assert "finished; --restart" in again.err
    assert len(bench.engines) == 1
    bench.run("--restart")
    assert len(bench.engines) == 2


def test_recheck_judges_every_kept_proof_again(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.run()
    capsys.readouterr()
    recheck = [
        "bench",
        "recheck",
        str(bench.folder / "data.jsonl"),
        str(bench.out),
        "--lean",
        str(bench.folder / "lean"),
    ]
    assert app.run(recheck) == 1
    figures = json.loads((bench.out / "recheck.json").read_text(encoding="utf-8"))
    assert (figures["claimed"], figures["accepted"], figures["false_proofs"]) == (3, 1, 2)
    assert [one["declaration"] for one in figures["false"]] == ["postulated", "wrong"]
    (bench.folder / "data.jsonl").write_text(json.dumps(ROWS[0]) + "\n", encoding="utf-8")
    assert app.run(recheck) == 2
    assert "is not the file that the run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "holds no run of `bench prove`: there is no run.json in it."),
        ({"kind": "effort"}, "holds a run of `bench effort`, which keeps no proofs."),
    ],
)
def test_recheck_of_what_holds_no_proofs_is_one_sentence(
    bench: Bench, capsys: pytest.CaptureFixture[str], record: object, message: str
) -> None:
    bench.out.mkdir()
    if record is not None:
        (bench.out / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert app.run(["bench", "recheck", str(bench.folder / "data.jsonl"), str(bench.out)]) == 2
    assert capsys.readouterr().err == f"lean-sidekick: {bench.out} {message}\n"


def test_search_trees_are_kept_and_linked_from_the_report(bench: Bench) -> None:
    bench.run("--traces")
    assert [row["trace"] for row in bench.rows()] == [f"traces/{n}-0.jsonl" for n in range(4)]
    assert app.run(["report", str(bench.out), "--out", str(bench.folder / "page")]) == 0
    page = (bench.folder / "page" / "report.html").read_text(encoding="utf-8")
    for number in range(4):
        assert (bench.out / "traces" / f"{number}-0.html").is_file()
        assert f'href="../out/traces/{number}-0.html"' in page


def test_the_curve_runs_every_kind_of_search(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run("--curve", "--timeout", "5") == 1, "the false proofs are not passed over"
    kinds = [engine.asked[0][2].kind for engine in bench.engines]
    assert kinds == list(SearchKind)
    assert all(budget.seconds == 5.0 for engine in bench.engines for _, budget, _ in engine.asked)
    figures = json.loads((bench.out / "curve.json").read_text(encoding="utf-8"))
    assert list(figures) == [kind.value for kind in SearchKind]
    for shares in figures.values():
        assert shares["theorems"] == 4
        assert {limit: row["proved"] for limit, row in shares["proved_at"].items()} == {"1": 1, "2": 1, "5": 1}
    for name in ("curve.png", "curve.svg", "best-first/results.jsonl", "mcts/summary.json"):
        assert (bench.out / name).is_file()
    assert "false_proofs 4" in capsys.readouterr().out

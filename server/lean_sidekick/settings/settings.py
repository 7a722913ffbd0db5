"""Settings: what was decided, one frozen object that is replaced whole.

The class `Settings` is the one table of settings. `setting_rows` reads it for the parser of options, for the page
`docs/settings.md` and for the settings of the VS Code extension, so that none of them can differ. This module does
not know where values come from (see `options` and `resolve`).
"""

from enum import Enum
from functools import cache
from math import inf
from typing import Any

from attrs import field, fields, frozen

SettingValue = bool | int | float | str | tuple[str, ...]


class SettingKind(Enum):
    """What a value can be; the values are the type names of JSON Schema."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    STRINGS = "array"


@frozen(kw_only=True)
class SettingRow:
    """One row of the table.

    `is_guarded` marks settings that decide which programs run and with what rights, and where anything is sent: a
    project's own file sets them only if the user trusts the project. The range holds for numbers; `forbidden` are
    texts that a list must not hold; `choices` are all values that a text may have, if it is not free.
    """

    field_name: str
    wire_name: str
    kind: SettingKind
    default: SettingValue
    meaning: str
    minimum: float
    maximum: float
    is_guarded: bool
    forbidden: tuple[str, ...]
    choices: tuple[str, ...]


_KINDS = {
    bool: SettingKind.BOOLEAN,
    int: SettingKind.INTEGER,
    float: SettingKind.NUMBER,
    str: SettingKind.STRING,
    tuple: SettingKind.STRINGS,
}


def _setting(
    default: SettingValue,
    wire_name: str,
    meaning: str,
    *,
    minimum: float = -inf,
    maximum: float = inf,
    is_guarded: bool = False,
    forbidden: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
) -> Any:
    row = {
        "kind": _KINDS[type(default)],
        "default": default,
        "wire_name": wire_name,
        "meaning": meaning,
        "minimum": minimum,
        "maximum": maximum,
        "is_guarded": is_guarded,
        "forbidden": forbidden,
        "choices": choices,
    }
    return field(default=default, metadata=row)


@frozen(kw_only=True)
class Settings:
    """All settings of one project, with their defaults."""

    lean_path: str = _setting(
        "",
        "lean.path",
        "The Lean to use: a `lean` program, a toolchain's folder, or the name of an installed toolchain. "
        "Empty: the project's toolchain, found as Lean's own tools find it.",
        is_guarded=True,
    )
    lean_threads: int = _setting(
        2, "lean.threads", "Threads for each Lean process that Lean Sidekick starts.", minimum=2, maximum=64
    )
    lean_memory_mb: int = _setting(
        0,
        "lean.memoryMb",
        "Memory cap in megabytes for each Lean process; 0 means no cap. A file that imports Mathlib needs about 5000.",
        minimum=0,
        maximum=1_048_576,
    )
    lean_idle_close_minutes: float = _setting(
        10.0,
        "lean.idleCloseMinutes",
        "Minutes without a question after which the Lean process is closed; the next question starts it again.",
        minimum=0.5,
        maximum=1440,
    )
    lean_sandbox: bool = _setting(
        True,
        "lean.sandbox",
        "Run Lean in a sandbox where bubblewrap works (Linux): the project read-only, no network, nothing else of the "
        "home folder. `lean-sidekick doctor` says whether it works here; without it Lean may do all that you may.",
        is_guarded=True,
    )
    lean_runner: bool = _setting(
        True,
        "lean.runner",
        "Check candidates with a tactic of our own inside Lean, for files that are asked about often: several times "
        "faster, but one more Lean worker for such a file, which imports `Lean` too. Where it does not work, or memory "
        "is short, candidates are checked as without it.",
    )
    keep_commands: bool = _setting(
        False,
        "lean.keepCommands",
        "Keep commands that only run programs (`#eval`, `run_cmd`, …) above the declaration in our own copy of the "
        "file. Off: they are blanked there, and nothing of yours runs twice.",
        is_guarded=True,
    )
    inlay_hints_enabled: bool = _setting(
        True, "inlayHints.enabled", "Show the best checked suggestion at the end of the cursor's line."
    )
    ghost_text_enabled: bool = _setting(
        False,
        "ghostText.enabled",
        "Show the best checked suggestion as ghost text at the cursor, in the place of the inlay hint, where a tactic "
        "can be typed. The editor's key for inline suggestions accepts it.",
    )
    suggest_delay_ms: int = _setting(
        400,
        "suggest.delayMs",
        "Milliseconds without a keystroke before a suggestion is looked for by itself.",
        minimum=0,
        maximum=60_000,
    )
    suggest_timeout_s: float = _setting(
        5.0,
        "suggest.timeoutS",
        "Seconds that one round of suggestions may take, once Lean has read the file.",
        minimum=0.1,
        maximum=600,
    )
    suggest_max_items: int = _setting(
        8, "suggest.maxItems", "The most suggestions shown at one place.", minimum=1, maximum=100
    )
    code_action_wait_s: float = _setting(
        0.15,
        "suggest.codeActionWaitS",
        "Seconds that a request for code actions waits for checks that are under way before it answers with what "
        "is known.",
        minimum=0,
        maximum=10,
    )
    prove_timeout_s: float = _setting(
        30.0, "prove.timeoutS", 'Seconds that "Complete the proof" may take.', minimum=0.1, maximum=3600
    )
    search_kind: str = _setting(
        "best-first",
        "search.kind",
        'How "Complete the proof" looks for a proof: the likeliest goal first, or Monte Carlo tree search.',
        choices=("best-first", "mcts"),
    )
    search_value_file: str = _setting(
        "",
        "search.valueFile",
        "A file that `train value` made: how likely a goal is to be proved, for Monte Carlo tree search and for the "
        "best partial proof. Empty: the built-in estimate.",
        is_guarded=True,
    )
    search_simp_only: bool = _setting(
        False,
        "search.simpOnly",
        "In a proof that was found, write `simp` as `simp only […]` with the lemmas that it used, where that holds.",
    )
    allowed_axioms: tuple[str, ...] = _setting(
        ("propext", "Classical.choice", "Quot.sound"),
        "check.allowedAxioms",
        "The axioms that a finished proof may depend on. `sorryAx` cannot be allowed.",
        forbidden=("sorryAx",),
    )
    allow_programs: bool = _setting(
        False,
        "check.allowPrograms",
        "Let candidates run that may run programs while Lean elaborates them (`run_tac`, `native_decide`, …).",
        is_guarded=True,
    )
    cache_outcomes: bool = _setting(
        True,
        "check.cache",
        "Remember on disk what Lean said of a candidate, and do not ask again while all that it depends on is the "
        "same. The file `outcomes.sqlite3` in the user's cache folder can be deleted at any time.",
    )
    learn: bool = _setting(
        True,
        "suggest.learn",
        "Learn from your finished proofs and accepted suggestions which tactics help where. What was learned stays in "
        "`learned.sqlite3` in the user's cache folder; `lean-sidekick doctor --forget` and the editor's command "
        '"Forget what was learned" take it back.',
    )
    candidate_time_limit_s: float = _setting(
        2.0, "check.candidateTimeLimitS", "Seconds that one candidate may take in Lean.", minimum=0.1, maximum=60
    )
    models_local: str = _setting(
        "",
        "models.local",
        "The model to run on this machine: the name of a model card. Empty: none is loaded. It is never downloaded by "
        "itself: `lean-sidekick models get NAME` does that.",
        is_guarded=True,
    )
    models_device: str = _setting(
        "auto",
        "models.device",
        "Where models on this machine run; `auto` is the GPU if there is one.",
        choices=("auto", "cuda", "mps", "cpu"),
    )
    models_precision: str = _setting(
        "card",
        "models.precision",
        "What the weights of models on this machine are held in; `card` is as the model card says, `auto` half "
        "precision on a GPU. `int8` and `int4` need the package bitsandbytes.",
        choices=("card", "auto", "fp32", "bf16", "fp16", "int8", "int4"),
    )
    models_local_timeout_s: float = _setting(
        60.0,
        "models.localTimeoutS",
        "Seconds that a model on this machine may take for one goal, loading included.",
        minimum=0.1,
        maximum=3600,
    )
    models_cards: str = _setting(
        "",
        "models.cards",
        "A folder with model cards of your own, beside `models` in the folder of your settings file. A card with the "
        "name of one of ours stands in for it.",
        is_guarded=True,
    )
    premises_encoder: str = _setting(
        "auto",
        "premises.encoder",
        "The encoder whose vectors help to find premises: the name of a model card, a folder, or a model of the hub "
        "that is on this machine. `lean-sidekick index` makes the vectors of a project, and the editor does in the "
        "background. `auto`: MiniLM for questions in words, if its package is installed and `lean-sidekick index` was "
        "run. Empty: words, symbols and proofs alone.",
        is_guarded=True,
    )
    premises_encoder_format: str = _setting(
        "auto",
        "premises.encoderFormat",
        "How goals and premises are written for the encoder; `auto` is as its card, its training here or its name "
        "says, else `plain`. `words` is for encoders of English: symbols by their names.",
        choices=("auto", "plain", "words", "reprover", "leanpremise", "qwen3", "hpsearch", "hpsearch-xs"),
    )
    premises_reranker: str = _setting(
        "",
        "premises.reranker",
        "A cross-encoder that reads question and premise together and orders the first 32 anew, where a person asks: a "
        "model card, a folder, or a model of the hub that is on this machine. Empty: none.",
        is_guarded=True,
    )
    models_remote_endpoints: tuple[str, ...] = _setting(
        (),
        "models.remote.endpoints",
        "OpenAI-compatible servers that you run, such as `http://localhost:8000/v1` (vLLM, SGLang, llama.cpp, Ollama). "
        "Several are used as one. Empty: no model server is asked, and nothing leaves your machine. "
        "`lean-sidekick models preview` shows what would be sent.",
        is_guarded=True,
    )
    models_remote_card: str = _setting(
        "",
        "models.remote.card",
        "The model card that says how the servers' model is asked: its prompt, its way to answer, its limits. "
        "`lean-sidekick models list` shows all cards.",
        is_guarded=True,
    )
    models_remote_model: str = _setting(
        "",
        "models.remote.model",
        "The name under which the servers know the model. Empty: the first one that each of them has.",
        is_guarded=True,
    )
    models_remote_api: str = _setting(
        "auto",
        "models.remote.api",
        "How the servers are asked; `auto` is chat for models that have a chat form.",
        is_guarded=True,
        choices=("auto", "completions", "chat"),
    )
    models_remote_key_variable: str = _setting(
        "LEAN_SIDEKICK_API_KEY",
        "models.remote.keyVariable",
        "The environment variable that holds the key for the servers, if they want one. The key itself stands in no "
        "setting and no log.",
        is_guarded=True,
    )
    models_remote_allow_insecure: bool = _setting(
        False,
        "models.remote.allowInsecure",
        "Let servers on other machines be asked without https: goals and key then cross the network unprotected.",
        is_guarded=True,
    )
    models_remote_timeout_s: float = _setting(
        60.0,
        "models.remote.timeoutS",
        "Seconds that a server may take for the answers to one request.",
        minimum=0.1,
        maximum=3600,
    )
    models_remote_samples: int = _setting(
        0,
        "models.remote.samples",
        "How many answers are asked for at one goal; 0 means as many as the model card says.",
        minimum=0,
        maximum=256,
    )


@cache
def setting_rows() -> tuple[SettingRow, ...]:
    """The table of settings, in the order in which people should read it."""
    return tuple(SettingRow(field_name=a.name, **a.metadata) for a in fields(Settings))

"""Writes what is written twice from the one place it comes from: `make docs`, and `--check` in `make check`.

The table of settings becomes `docs/settings.md` and the settings of the VS Code extension (its own settings, those
of its client, stay as they are); the table of version gates becomes `docs/versions.md`; published
figures of other systems become `docs/published-figures.md`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from lean_sidekick.evaluation.published import published_tables
from lean_sidekick.lean.gates import GateStatus, gate_rows
from lean_sidekick.settings.options import SECTION, TRUSTED_PROJECTS, expected
from lean_sidekick.settings.paths import PROJECT_FILE
from lean_sidekick.settings.settings import SettingKind, SettingRow, setting_rows

ROOT = Path(__file__).resolve().parents[1]
CLIENT_ONLY = (f"{SECTION}.server.", f"{SECTION}.trace.")
GENERATED = "<!-- Written by `make docs`; change {source} instead. -->"

SETTINGS_PAGE = f"""\
{GENERATED.format(source="`server/lean_sidekick/settings/settings.py`")}

# Settings

The first of these that says something wins, setting by setting:

1. the command line (`--lean`, `--timeout`, …),
2. the editor (`{SECTION}.…` in its settings; a value that equals the default says nothing, because editors send
   all defaults),
3. the project's file `{PROJECT_FILE}` in its root folder,
4. your own file `config.toml` in the configuration folder that `lean-sidekick doctor` names,
5. the environment variable `LEAN_SIDEKICK_LEAN`, for `lean.path` alone,
6. the default.

Files are TOML, with the names of the table below:

```toml
[suggest]
delayMs = 250

[check]
allowedAxioms = ["propext", "Quot.sound"]
```

A name that does not exist and a value that cannot be are reported in one sentence and ignored; nothing else is lost.

**Guarded** settings decide which programs run on your machine and with what rights. A project's file comes from whoever
wrote the project, so it cannot set them, unless your own file lists the project's folder, or one above it:

```toml
{TRUSTED_PROJECTS} = ["~/lean/my-project"]
```

| setting | default | can be | meaning |
| --- | --- | --- | --- |
"""

PUBLISHED_PAGE = f"""\
{GENERATED.format(source="`server/lean_sidekick/evaluation/published_figures.json`")}

# Published figures of other systems

What the authors of other systems report, read in November 2026. **None of it was measured by this project**, and the
machines, Lean versions and copies of the benchmarks differ from row to row: two rows are comparable only as far as
their budgets are. `lean-sidekick report` shows the table that belongs to a run beside it, marked like this.

Figures of this project are in [benchmarks](../benchmarks/README.md). They are of exercises that need core Lean only,
on a Lean of July 2021 without Mathlib, so no row here can be set against them: miniF2F, ProofNet, PutnamBench and the
retrieval sets need Mathlib. miniF2F, ProofNet, PutnamBench and the Natural Number Game are in the training data of most
models.
"""

VERSIONS_PAGE = f"""\
{GENERATED.format(source="`server/lean_sidekick/lean/gates.py`")}

# Lean versions

One client speaks to every Lean 4 from July 2021 to 4.34; what differs between them is this table, and the code asks
the table, never for a number. "2021" is a Lean from before the first release. The last column says where a row is
known from: Lean's own source, or a section of the notes that this project keeps on Lean's server (made from Lean's
source and release notes).

- **{GateStatus.RUN_LIVE.value}**: seen with a real Lean and its server.
- **{GateStatus.SEEN_IN_BATCH.value}**: seen in what a real Lean 4.28.0 (WebAssembly build) printed, without its server.
- **{GateStatus.SCRIPTED_ONLY.value}**: tested against a scripted server that behaves as the source says.
- **{GateStatus.NOT_TRIED.value}**: written down, and nothing depends on it that was not tried.

| what the server does | Lean versions | tried | known from |
| --- | --- | --- | --- |
"""


def published_page() -> str:
    """The page of published figures, whole."""
    parts = [PUBLISHED_PAGE]
    for table in published_tables():
        note = f"{table.note}\n\n" if table.note else ""
        rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
        parts.append(f"\n## {table.title}\n\n{note}" + "".join(f"| {' | '.join(row)} |\n" for row in rows))
    return "".join(parts)


def versions_page() -> str:
    """The page on Lean versions, whole."""
    return VERSIONS_PAGE + "".join(
        f"| {meaning} | {versions} | {status} | {source} |\n" for meaning, versions, status, source in gate_rows()
    )


def settings_page() -> str:
    """The page on settings, whole."""
    lines = []
    for row in setting_rows():
        default = json.dumps(_plain(row.default), ensure_ascii=False)
        meaning = f"{row.meaning} **Guarded.**" if row.is_guarded else row.meaning
        lines.append(f"| `{row.wire_name}` | `{default}` | {expected(row)} | {meaning} |\n")
    return SETTINGS_PAGE + "".join(lines)


def extension_manifest() -> str:
    """The extension's package.json with the settings of the server in it."""
    manifest = json.loads((ROOT / "vscode-extension" / "package.json").read_text(encoding="utf-8"))
    configuration = manifest["contributes"]["configuration"]
    kept = {name: value for name, value in configuration["properties"].items() if name.startswith(CLIENT_ONLY)}
    ours = {f"{SECTION}.{row.wire_name}": _property(row, order) for order, row in enumerate(setting_rows(), start=1)}
    configuration["properties"] = ours | kept
    # In a folder that the user does not trust, VS Code then ignores these when the folder's own settings say them.
    workspaces = manifest["capabilities"]["untrustedWorkspaces"]
    guarded = [f"{SECTION}.{row.wire_name}" for row in setting_rows() if row.is_guarded]
    kept_names = [name for name in workspaces["restrictedConfigurations"] if name.startswith(CLIENT_ONLY)]
    workspaces["restrictedConfigurations"] = kept_names + guarded
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> object:
    """5 for 5.0, as JSON's own printers write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _property(row: SettingRow, order: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": row.kind.value}
    if row.kind is SettingKind.STRINGS:
        schema["items"] = {"type": "string", "not": {"enum": list(row.forbidden)}}
    if row.kind in (SettingKind.INTEGER, SettingKind.NUMBER):
        schema |= {"minimum": row.minimum, "maximum": row.maximum}
    if row.choices:
        schema["enum"] = list(row.choices)
    schema["default"] = _plain(row.default)
    schema["scope"] = "machine-overridable" if row.is_guarded else "window"
    schema["order"] = order
    schema["markdownDescription"] = row.meaning
    return schema


OUTPUTS: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "published-figures.md": published_page,
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "versions.md": versions_page,
    ROOT / "vscode-extension" / "package.json": extension_manifest,
}


def stale_outputs() -> list[Path]:
    """The files that do not say what they would be written as now."""
    return [path for path, make in OUTPUTS.items() if not path.is_file() or path.read_text(encoding="utf-8") != make()]


def main() -> int:
    """Writes the files, or with `--check` only names those that are stale."""
    parser = argparse.ArgumentParser(description="Write generated documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    check = parser.parse_args().check
    stale = stale_outputs()
    for path in stale:
        if not check:
            path.write_text(OUTPUTS[path](), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
    if check and stale:
        sys.stdout.write("Run `make docs`.\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())

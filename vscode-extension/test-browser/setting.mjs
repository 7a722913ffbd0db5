// What the tests and measurements in the real editor have in common: the texts, the server, the packed extensions.
//
// With LEAN_SIDEKICK_LEAN the server asks that Lean; without it answers from the recording of the same texts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Workbench } from "./workbench.mjs";

export const root = path.resolve(import.meta.dirname, "../..");
export const hasLean = (process.env.LEAN_SIDEKICK_LEAN ?? "") !== "";
const extension = path.join(root, "vscode-extension");
const marked = JSON.parse(readFileSync(path.join(root, "tests/editors/texts.json"), "utf8"));

/** The texts of the scenarios as files, without their marks. */
export const scenarioFiles = Object.fromEntries(
  Object.entries(marked).map(([name, text]) => [`${name}.lean`, text.replace("$0", "")]),
);

/** Where the mark of a scenario's text was, counted from one. */
export function place(name) {
  const before = marked[name].slice(0, marked[name].indexOf("$0"));
  const lines = before.split("\n");
  return { line: lines.length, column: [...lines.at(-1)].length + 1 };
}

/** A real editor with our packed extension, more packed extensions if named, and these files. */
export async function startWorkbench({ files, artefacts = "", extensions = [], settings = {} }) {
  const vsix = readdirSync(extension).find((name) => name.endsWith(".vsix"));
  assert.ok(vsix !== undefined, "there is no .vsix: run `make package` first");
  return Workbench.start({
    editor: process.env.EDITOR_FOLDER ?? path.join(root, "build/code-server-4.100.3"),
    vsix: [path.join(extension, vsix), ...extensions],
    server: serverProgram(),
    artefacts: path.resolve(process.env.ARTEFACTS ?? path.join(root, "build/editors"), artefacts),
    files,
    settings,
  });
}

/** Packs an extension that lies beside the tests. */
export function packed(folder) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "extension-")), `${folder}.vsix`);
  const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", file];
  execFileSync(process.execPath, [path.join(extension, "node_modules/@vscode/vsce/vsce"), "package", ...options], {
    cwd: path.join(import.meta.dirname, folder),
    stdio: ["ignore", "pipe", "inherit"],
  });
  return file;
}

function serverProgram() {
  const python = process.env.PYTHON ?? path.join(root, ".venv/bin/python");
  const program = hasLean ? "-m lean_sidekick" : "-m editors.server";
  const file = path.join(mkdtempSync(path.join(tmpdir(), "server-")), "lean-sidekick");
  const paths = [path.join(root, "server"), path.join(root, "tests")].join(path.delimiter);
  writeFileSync(file, `#!/bin/sh\nPYTHONPATH='${paths}' exec '${python}' ${program} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

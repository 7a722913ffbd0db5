// The packed extension in a started VS Code, with the marked texts of tests/editors as its folder.
//
// With LEAN_SIDEKICK_LEAN the server asks that Lean; without it answers from the recording of the same texts.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Workbench } from "./workbench.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const artefacts = path.resolve(process.env.ARTEFACTS ?? path.join(root, "build/editors"));
const marked = JSON.parse(readFileSync(path.join(root, "tests/editors/texts.json"), "utf8"));

/** A marked text without its mark, and where the mark was, counted from one. */
export function place(name) {
  const before = marked[name].slice(0, marked[name].indexOf("$0"));
  const lines = before.split("\n");
  return { line: lines.length, column: [...lines.at(-1)].length + 1 };
}

function serverProgram() {
  const python = process.env.PYTHON ?? path.join(root, ".venv/bin/python");
  const hasLean = (process.env.LEAN_SIDEKICK_LEAN ?? "") !== "";
  const program = hasLean ? "-m lean_sidekick" : "-m editors.server";
  const file = path.join(mkdtempSync(path.join(tmpdir(), "server-")), "lean-sidekick");
  const paths = [path.join(root, "server"), path.join(root, "tests")].join(path.delimiter);
  writeFileSync(file, `#!/bin/sh\nPYTHONPATH='${paths}' exec '${python}' ${program} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Starts it; screenshots and logs go to the folder of this name among the artefacts. */
export async function startWorkbench(name = "") {
  const extension = path.join(root, "vscode-extension");
  const vsix = readdirSync(extension).find((name) => name.endsWith(".vsix"));
  assert.ok(vsix !== undefined, "there is no .vsix: run `make package` first");
  return Workbench.start({
    editor: process.env.EDITOR_FOLDER ?? path.join(root, "build/code-server"),
    vsix: path.join(extension, vsix),
    server: serverProgram(),
    artefacts: path.join(artefacts, name),
    files: Object.fromEntries(Object.entries(marked).map(([name, text]) => [`${name}.lean`, text.replace("$0", "")])),
  });
}

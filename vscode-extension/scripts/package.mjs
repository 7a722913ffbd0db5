// Packs lean-sidekick-<version>.vsix: the bundle, the Python wheel, the README and the licence.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { buildWheel } from "./wheel.mjs";

const root = path.resolve(import.meta.dirname, "..");
const { name, version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const wheel = buildWheel(root);
if (!wheel.startsWith(`lean_sidekick-${version}-`)) {
  throw new Error(`The extension says it is ${version}, but the wheel is ${wheel}: make the versions agree.`);
}
copyFileSync(path.join(root, "../LICENSE"), path.join(root, "LICENSE"));
const vsix = `${name}-${version}.vsix`;
const vsce = path.join(root, "node_modules/@vscode/vsce/vsce");
const options = ["--no-dependencies", "--allow-missing-repository", "--out", vsix];
execFileSync(process.execPath, [vsce, "package", ...options], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

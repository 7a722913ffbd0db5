// Builds the Python package of this repository as a wheel into dist/wheel.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";

/** Builds the wheel anew, so that the .vsix carries what the repository holds now. Returns its file name. */
export function buildWheel(root) {
  const folder = path.join(root, "dist/wheel");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const interpreter = python(root);
  const args = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", folder];
  // A build backend that is installed already need not be downloaded for a build of its own.
  const hasBackend = spawnSync(interpreter, ["-c", "import hatchling"]).status === 0;
  const isolation = hasBackend ? ["--no-build-isolation"] : [];
  const options = { cwd: root, stdio: ["ignore", "inherit", "inherit"] };
  const { status, error } = spawnSync(interpreter, [...args, ...isolation, ".."], options);
  const wheels = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".whl")) : [];
  if (status !== 0 || wheels.length !== 1) {
    throw new Error(`The wheel could not be built (${error?.message ?? `pip ended with ${status}`}).`);
  }
  return wheels[0];
}

/** The repository's own environment if it is there, else the Python that PYTHON names, else the usual name. */
function python(root) {
  const own = path.join(root, "..", ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  return process.env.PYTHON ?? (existsSync(own) ? own : process.platform === "win32" ? "python" : "python3");
}

/** Finds a Python that can make our environment. Runs only programs that the user named or that are on the PATH. */
import { homedir } from "node:os";
import { expandHome } from "../expandHome";
import { Problem } from "../problem";
import type { ProcessEnd, RunProcess } from "../runProcess";

/** A Python that is new enough and can make virtual environments. */
export interface Python {
  readonly command: readonly [string, ...string[]];
  readonly executable: string;
  readonly version: string;
}

interface Probe {
  readonly version: [number, number, number];
  readonly executable: string;
  readonly hasVenv: boolean;
}

const OLDEST = [3, 11] as const;
const PROBE_MS = 30_000;
// Debian and Ubuntu ship a `venv` that fails for lack of `ensurepip` until python3-venv is installed.
const PROBE = `
import importlib.util as u, json, sys
has = all(u.find_spec(name) for name in ("venv", "ensurepip"))
print("probe:" + json.dumps({"version": sys.version_info[:3], "executable": sys.executable, "hasVenv": has}))
`;

/** The commands to try, in order: the one the user named and no other, or else the usual names of the platform. */
export function pythonCandidates(requested: string, platform: NodeJS.Platform): Python["command"][] {
  if (requested !== "") {
    return [[expandHome(requested, homedir())]];
  }
  if (platform === "win32") {
    return [["py", "-3"], ["python"], ["python3"]];
  }
  // Where the plain name is an old Python of the system, a newer one is often installed beside it.
  return [["python3"], ["python"], ["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"]];
}

/**
 * The first usable Python of the candidates.
 *
 * Throws a `Problem` that says which Pythons were found and why none of them will do, or the signal's reason when it
 * was aborted.
 */
export async function findPython(
  requested: string,
  platform: NodeJS.Platform,
  run: RunProcess,
  signal: AbortSignal,
): Promise<Python> {
  const unfit: string[] = [];
  for (const command of pythonCandidates(requested, platform)) {
    const [program, ...args] = command;
    const end = await run({
      command: program,
      // -I: what the user's own PYTHON* variables and folders do to Python is none of our business here.
      args: [...args, "-I", "-c", PROBE],
      env: process.env,
      timeoutMs: PROBE_MS,
      signal,
      onLine: () => undefined,
    });
    signal.throwIfAborted();
    const probe = readProbe(end);
    if (probe === undefined) {
      if (requested !== "") {
        throw new Problem(
          `leanSidekick.server.python names ${requested}, which does not run as Python (${whyNot(end)}). ` +
            "Correct the setting, or clear it to use the Python on the PATH.",
        );
      }
      continue;
    }
    const version = probe.version.join(".");
    const [major, minor] = probe.version;
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      unfit.push(`${probe.executable} is Python ${version}`);
    } else if (!probe.hasVenv) {
      unfit.push(`${probe.executable} (Python ${version}) lacks the module venv: install python3-venv`);
    } else {
      return { command, executable: probe.executable, version };
    }
  }
  const found = unfit.length === 0 ? "none was found" : `found: ${[...new Set(unfit)].join("; ")}`;
  throw new Problem(
    `Lean Sidekick needs Python ${OLDEST.join(".")} or newer; ${found}. ` +
      "Install one, or name it in the setting leanSidekick.server.python.",
  );
}

function readProbe(end: ProcessEnd): Probe | undefined {
  // The Store's placeholder on Windows starts, prints nothing and fails: only a printed answer counts.
  if (end.kind !== "exited" || end.code !== 0) {
    return undefined;
  }
  const answer = end.lines.find((line) => line.startsWith("probe:"));
  return answer === undefined ? undefined : (JSON.parse(answer.slice("probe:".length)) as Probe);
}

function whyNot(end: ProcessEnd): string {
  switch (end.kind) {
    case "notStarted":
      return end.reason;
    case "timedOut":
      return `no answer in ${PROBE_MS / 1000} seconds`;
    case "cancelled":
      return "cancelled";
    case "exited":
      return end.lines.at(-1) ?? `exit code ${end.code}`;
  }
}

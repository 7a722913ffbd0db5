/**
 * The extension's own Python environment: found, or made after the user has agreed to the download.
 *
 * Promises: one question at most in a session once it was answered with no; nothing is downloaded before a yes;
 * whatever goes wrong or is cancelled leaves no half-made environment behind. Knows nothing of VS Code: what it needs
 * of the editor is `EnvironmentHost`.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Log } from "../log";
import { Problem } from "../problem";
import type { RunProcess } from "../runProcess";
import { cleanEnv } from "./cleanEnv";
import { downloads } from "./downloads";
import type { EnvironmentRecord, EnvironmentStore } from "./environmentStore";
import { findPython, type Python } from "./python";
import { venvPaths } from "./venvPaths";

export interface EnvironmentHost {
  /** Puts the one question; true means yes. */
  ask(question: string): Promise<boolean>;
  /** Shows that work goes on, with a way to cancel it that aborts the signal. */
  withProgress<T>(title: string, work: (report: (step: string) => void, signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface EnvironmentParams {
  readonly store: EnvironmentStore;
  /** The folder that holds our wheel. */
  readonly wheelFolder: string;
  readonly extensionVersion: string;
  readonly platform: NodeJS.Platform;
  readonly run: RunProcess;
  readonly host: EnvironmentHost;
  readonly log: Log;
}

/** "declined": the user said no, or cancelled. */
export type EnvironmentAnswer = { readonly kind: "ready"; readonly executable: string } | { readonly kind: "declined" };

interface Wheel {
  readonly file: string;
  readonly digest: string;
}

const VENV_MS = 180_000;
const DOWNLOAD_MS = 900_000;
const INSTALL_MS = 300_000;
const TRIAL_MS = 60_000;

export class Environment {
  private refused = false;
  private current: Promise<EnvironmentAnswer> | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly params: EnvironmentParams) {}

  /** The executable of a ready environment; makes one, after asking, if there is none. Throws a `Problem`. */
  get(requestedPython: string): Promise<EnvironmentAnswer> {
    return this.single(() => this.find(requestedPython));
  }

  /** Makes a new environment in any case, after asking. Throws a `Problem`. */
  setUp(requestedPython: string): Promise<EnvironmentAnswer> {
    return this.single(() => this.makeAfterAsking(requestedPython));
  }

  /** Ends what is being installed and removes it. */
  async close(): Promise<void> {
    this.closing.abort(new Problem("Lean Sidekick is closing."));
    await this.current?.catch(() => undefined);
  }

  /** Whoever comes while an answer is being looked for gets that same answer: there is one question, not several. */
  private single(find: () => Promise<EnvironmentAnswer>): Promise<EnvironmentAnswer> {
    this.current ??= find().finally(() => {
      this.current = undefined;
    });
    return this.current;
  }

  private async find(requestedPython: string): Promise<EnvironmentAnswer> {
    const wheel = await this.wheel();
    const known = await this.ready(wheel, (record) => record.requestedPython === requestedPython);
    if (known !== undefined) {
      return known;
    }
    if (this.refused) {
      return { kind: "declined" };
    }
    const python = await this.python(requestedPython);
    const other = await this.ready(wheel, (record) => isMadeBy(record, python));
    return (
      other ?? (await this.makeOffline(python, wheel, requestedPython)) ?? this.ask(python, wheel, requestedPython)
    );
  }

  private async makeAfterAsking(requestedPython: string): Promise<EnvironmentAnswer> {
    return this.ask(await this.python(requestedPython), await this.wheel(), requestedPython);
  }

  private async ask(python: Python, wheel: Wheel, requestedPython: string): Promise<EnvironmentAnswer> {
    if (!(await this.params.host.ask(question(python)))) {
      this.refused = true;
      return { kind: "declined" };
    }
    return this.make("Setting up Lean Sidekick", python, wheel, requestedPython, []);
  }

  /**
   * A new version of the extension mostly needs the packages that an older environment has kept, so that is tried
   * before anyone is asked to download. Undefined: something is missing there.
   */
  private async makeOffline(
    python: Python,
    wheel: Wheel,
    requestedPython: string,
  ): Promise<EnvironmentAnswer | undefined> {
    const kept = (await this.params.store.list()).map(({ folder }) => wheelsOf(folder));
    if (kept.length === 0) {
      return undefined;
    }
    try {
      return await this.make("Updating Lean Sidekick", python, wheel, requestedPython, kept);
    } catch (error) {
      if (!(error instanceof Problem)) {
        throw error;
      }
      this.params.log.info(`The packages of the older environment do not suffice: ${error.message}`);
      return undefined;
    }
  }

  /** Makes an environment, from the folders `offline` alone if there are any, else with downloads. */
  private async make(
    title: string,
    python: Python,
    wheel: Wheel,
    requestedPython: string,
    offline: readonly string[],
  ): Promise<EnvironmentAnswer> {
    const { store, host, log, platform, extensionVersion } = this.params;
    return host.withProgress(title, async (report, cancelled) => {
      const signal = AbortSignal.any([cancelled, this.closing.signal]);
      const folder = await store.create(extensionVersion, python.version).catch((error: unknown) => {
        throw new Problem(`The folder for the Python environment cannot be made: ${String(error)}.`);
      });
      let isFinished = false;
      try {
        const programs = venvPaths(folder, platform);
        const [program, ...args] = python.command;
        const pip = [programs.python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color"] as const;
        const wheels = wheelsOf(folder);
        const from = offline.length === 0 ? ["--prefer-binary"] : ["--no-index", ...offline.flatMap(findLinks)];

        report("making the environment");
        await this.step("make the environment", [program, ...args, "-m", "venv", folder], VENV_MS, signal);
        report(offline.length === 0 ? "downloading packages" : "copying packages");
        const collect = [...pip, "wheel", "--wheel-dir", wheels, ...from, wheel.file] as const;
        await this.step("get the packages", collect, DOWNLOAD_MS, signal);
        report("installing packages");
        const install = [...pip, "install", "--no-index", ...findLinks(wheels), wheel.file] as const;
        await this.step("install the packages", install, INSTALL_MS, signal);
        report("trying it out");
        await this.step("start what was installed", [programs.sidekick, "--version"], TRIAL_MS, signal);

        await this.finish(folder, python, wheel, requestedPython);
        isFinished = true;
        return { kind: "ready", executable: programs.sidekick };
      } catch (error) {
        if (!signal.aborted) {
          throw error;
        }
        log.info("Setting up was cancelled; nothing is left of it.");
        this.refused = true;
        return { kind: "declined" };
      } finally {
        if (!isFinished) {
          await store.remove(folder).catch((error: unknown) => {
            log.warn(`The half-made environment ${folder} could not be removed: ${String(error)}`);
          });
        }
      }
    });
  }

  private async finish(folder: string, python: Python, wheel: Wheel, requestedPython: string): Promise<void> {
    const { store, extensionVersion } = this.params;
    const replaced = (await store.list()).filter(({ record }) => record.wheelDigest === wheel.digest);
    await store.finish(folder, {
      extensionVersion,
      wheelDigest: wheel.digest,
      pythonVersion: python.version,
      pythonExecutable: python.executable,
      requestedPython,
      createdAt: Date.now(),
    });
    for (const older of replaced.filter(({ record }) => isMadeBy(record, python))) {
      await store.retire(older.folder);
    }
    await store.prune(Date.now());
  }

  /** Runs one command of the installation; everything it says goes to the log. */
  private async step(
    what: string,
    [command, ...args]: readonly [string, ...string[]],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { run, log } = this.params;
    log.info(`> ${[command, ...args].join(" ")}`);
    const end = await run({
      command,
      args,
      env: cleanEnv(process.env),
      timeoutMs,
      signal,
      onLine: (line) => {
        log.info(line);
      },
    });
    signal.throwIfAborted();
    if (end.kind === "exited" && end.code === 0) {
      return;
    }
    const why =
      end.kind === "exited"
        ? lastWords(end.lines)
        : end.kind === "notStarted"
          ? end.reason
          : `it did not end within ${timeoutMs / 60_000} minutes`;
    log.warn(`Could not ${what}: ${why}`);
    throw new Problem(
      `Lean Sidekick could not ${what}: ${why}. The log has the details. On a machine without a network, install ` +
        "lean-sidekick by hand and name it in the setting leanSidekick.server.path.",
    );
  }

  private async ready(
    wheel: Wheel,
    fits: (record: EnvironmentRecord) => boolean,
  ): Promise<EnvironmentAnswer | undefined> {
    const { store, platform } = this.params;
    for (const { folder, record } of await store.list()) {
      if (record.wheelDigest !== wheel.digest || !fits(record)) {
        continue;
      }
      const programs = venvPaths(folder, platform);
      // The environment's python is a link to the one it was made from, which may have been uninstalled since.
      if ((await exists(programs.python)) && (await exists(programs.sidekick))) {
        await store.touch(folder);
        return { kind: "ready", executable: programs.sidekick };
      }
    }
    return undefined;
  }

  private async wheel(): Promise<Wheel> {
    const names = await fs.readdir(this.params.wheelFolder).catch(() => []);
    const name = names.find((each) => each.startsWith("lean_sidekick-") && each.endsWith(".whl"));
    if (name === undefined) {
      throw new Problem(
        "This copy of the extension was packed without its Python package. Install lean-sidekick by hand and name " +
          "it in the setting leanSidekick.server.path.",
      );
    }
    const file = path.join(this.params.wheelFolder, name);
    const digest = createHash("sha256")
      .update(await fs.readFile(file))
      .digest("hex");
    return { file, digest };
  }

  private python(requested: string): Promise<Python> {
    const { platform, run } = this.params;
    return findPython(requested, platform, run, this.closing.signal);
  }
}

/** What is said before anything is downloaded. */
export function question(python: Python): string {
  const { packages, megabytes } = downloads;
  return (
    `Lean Sidekick needs a Python environment of its own. It downloads ${packages.length} packages, about ` +
    `${megabytes} MB, from the package index that pip uses: ${packages.join(", ")}. It is made with Python ` +
    `${python.version} (${python.executable}) in VS Code's storage and changes nothing else. Download them now?`
  );
}

function isMadeBy(record: EnvironmentRecord, python: Python): boolean {
  return record.pythonVersion === python.version && record.pythonExecutable === python.executable;
}

function wheelsOf(folder: string): string {
  return path.join(folder, "wheels");
}

function findLinks(folder: string): string[] {
  return ["--find-links", folder];
}

/** The line in which pip says what is wrong, or else the last one. */
function lastWords(lines: readonly string[]): string {
  const said = lines.filter((line) => line.trim() !== "");
  const error = said.findLast((line) => line.startsWith("ERROR:")) ?? said.at(-1) ?? "it said nothing";
  return error.replace(/^ERROR:\s*/, "").replace(/\.$/, "");
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

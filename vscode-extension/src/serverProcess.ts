/** One server process: its pipes, its end, and that it does end. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { logServerLine, type Log } from "./log";
import { Problem } from "./problem";
import type { ServerCommand } from "./serverCommand";

/** How long each kinder way to end a process gets before the next is tried. */
const GRACE_MS = 2_000;

export class ServerProcess {
  readonly reader: Readable;
  readonly writer: Writable;
  private lastLine = "";

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    log: Log,
  ) {
    this.reader = child.stdout;
    this.writer = child.stdin;
    // Nobody else listens while no client is connected, and an unheard "error" would end the extension host.
    child.stdin.on("error", () => undefined);
    child.on("error", () => undefined);
    createInterface({ input: child.stderr, crlfDelay: Infinity }).on("line", (line) => {
      this.lastLine = line;
      logServerLine(log, line);
    });
  }

  /** Starts the process. Throws a `Problem` if the system cannot. */
  static async start(command: ServerCommand, folder: string, log: Log): Promise<ServerProcess> {
    const { executable, args, env } = command;
    log.info(`> ${[executable, ...args].join(" ")}   (in ${folder})`);
    try {
      const child = spawn(executable, args, { cwd: folder, env, stdio: "pipe", windowsHide: true });
      if (child.pid === undefined) {
        const [error] = (await once(child, "error")) as [Error];
        throw error;
      }
      return new ServerProcess(child, log);
    } catch (error) {
      throw new Problem(`${executable} cannot be started: ${(error as Error).message}.`);
    }
  }

  /** How the process ended, in words; undefined while it runs. */
  get end(): string | undefined {
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) {
      return undefined;
    }
    const how = exitCode === null ? `was ended by ${signalCode}` : `ended with exit code ${exitCode}`;
    return this.lastLine === "" ? how : `${how}, saying "${this.lastLine.trim()}"`;
  }

  /** Waits a moment for a process that is about to end, so that `end` can say how it did. */
  async settle(): Promise<void> {
    await this.hasEnded(GRACE_MS / 4);
  }

  /** Ends the process, by force if it takes too long; resolves when it is gone. */
  async stop(): Promise<void> {
    this.child.stdin.end();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await this.hasEnded(GRACE_MS)) {
        return;
      }
      this.child.kill(signal);
    }
    await this.hasEnded(GRACE_MS);
  }

  private async hasEnded(withinMs: number): Promise<boolean> {
    if (this.end === undefined) {
      await once(this.child, "exit", { signal: AbortSignal.timeout(withinMs) }).catch(() => undefined);
    }
    return this.end !== undefined;
  }
}

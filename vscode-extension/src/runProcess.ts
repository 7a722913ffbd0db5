/** Runs a program to its end: with a time limit, a cancel, and no process left behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Gets every line of standard output and standard error as it comes. */
  readonly onLine: (line: string) => void;
}

/** How a program ended. `lines` are its last ones, standard output and standard error together. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly code: number; readonly lines: readonly string[] }
  | { readonly kind: "notStarted"; readonly reason: string }
  | { readonly kind: "timedOut"; readonly lines: readonly string[] }
  | { readonly kind: "cancelled" };

export type RunProcess = (request: ProcessRequest) => Promise<ProcessEnd>;

const KEPT_LINES = 50;
/** How long a program that was told to end may take before it is ended by force. */
const GRACE_MS = 2_000;

export const runProcess: RunProcess = async (request) => {
  if (request.signal.aborted) {
    return { kind: "cancelled" };
  }
  // A process group of its own lets us end what the program itself started (pip starts compilers, for one).
  const child = spawn(request.command, request.args, {
    env: request.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const lines: string[] = [];
  const read = (stream: Readable): void => {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      lines.push(line);
      lines.splice(0, lines.length - KEPT_LINES);
      request.onLine(line);
    });
  };
  read(child.stdout);
  read(child.stderr);

  return new Promise<ProcessEnd>((resolve) => {
    let stopped: "timedOut" | "cancelled" | undefined;
    let force: NodeJS.Timeout | undefined;
    const stop = (why: "timedOut" | "cancelled"): void => {
      stopped ??= why;
      killTree(child, "SIGTERM");
      force ??= setTimeout(() => {
        killTree(child, "SIGKILL");
        // A grandchild that left the group may still hold the pipes, and with them our answer.
        child.stdout.destroy();
        child.stderr.destroy();
      }, GRACE_MS);
    };
    const onAbort = (): void => {
      stop("cancelled");
    };
    const limit = setTimeout(() => {
      stop("timedOut");
    }, request.timeoutMs);
    request.signal.addEventListener("abort", onAbort, { once: true });

    const settle = (end: ProcessEnd): void => {
      clearTimeout(limit);
      clearTimeout(force);
      request.signal.removeEventListener("abort", onAbort);
      resolve(end);
    };
    child.once("error", (error) => {
      if (child.pid === undefined) {
        settle({ kind: "notStarted", reason: error.message });
      }
    });
    child.once("close", (code, signal) => {
      if (stopped !== undefined) {
        // The program has ended; a child of it may have ignored the order.
        killTree(child, "SIGKILL");
      }
      if (stopped === "cancelled") {
        settle({ kind: "cancelled" });
      } else if (stopped === "timedOut") {
        settle({ kind: "timedOut", lines });
      } else {
        settle({ kind: "exited", code: code ?? -1, lines: code === null ? [...lines, `ended by ${signal}`] : lines });
      }
    });
  });
};

function killTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    // Windows has no process groups that a signal reaches; taskkill follows the children.
    spawn("taskkill", ["/T", "/F", "/PID", String(child.pid)], { stdio: "ignore", windowsHide: true }).on("error", () =>
      child.kill(signal),
    );
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has already ended.
  }
}

/** What someone who helps needs to know, as a text that the user reads before anybody else does; no VS Code here. */
import type { ProcessEnd, RunProcess } from "./runProcess";
import type { ServerCommand } from "./serverCommand";

export interface ProblemReportParams {
  readonly versions: Readonly<Record<string, string>>;
  /** The server of the active file; undefined where there is none. */
  readonly server: ServerCommand | undefined;
  readonly status: string;
  readonly run: RunProcess;
  readonly lines: readonly string[];
}

const DOCTOR_MS = 60_000;

/** Runs the server's own `doctor` and puts everything together. Never fails: what went wrong is part of the text. */
export async function problemReport({ versions, server, status, run, lines }: ProblemReportParams): Promise<string> {
  const rows = Object.entries(versions).map(([name, version]) => `- ${name}: ${version}`);
  return [
    "# Lean Sidekick: report of a problem",
    "",
    "This text is on your screen alone; nothing was sent. Take out what others should not see, then send it where you ask for help.",
    "",
    ...rows,
    `- state: ${status}`,
    "",
    "## What `lean-sidekick doctor` says",
    "",
    ...fenced(await doctor(server, run)),
    "",
    "## The end of the log",
    "",
    ...fenced(lines),
    "",
  ].join("\n");
}

async function doctor(server: ServerCommand | undefined, run: RunProcess): Promise<readonly string[]> {
  if (server === undefined) {
    return ["(there is no server)"];
  }
  const { executable: command, env } = server;
  const signal = new AbortController().signal;
  const end = await run({ command, args: ["doctor"], env, timeoutMs: DOCTOR_MS, signal, onLine: () => undefined });
  return "lines" in end && end.lines.length > 0 ? end.lines : [`(${command} ${reason(end)})`];
}

function reason(end: ProcessEnd): string {
  switch (end.kind) {
    case "exited":
      return `ended with exit code ${end.code} and said nothing`;
    case "notStarted":
      return `cannot be started: ${end.reason}`;
    case "timedOut":
      return `did not end within ${DOCTOR_MS / 1000} seconds`;
    case "cancelled":
      return "was cancelled";
  }
}

/** Lines as a block that no line of theirs can end. */
function fenced(lines: readonly string[]): string[] {
  const longest = Math.max(2, ...lines.map((line) => /^`+/.exec(line)?.[0].length ?? 0));
  const fence = "`".repeat(longest + 1);
  return [fence, ...lines, fence];
}

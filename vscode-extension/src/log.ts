/** The one output channel of the extension, as the modules that know nothing of VS Code see it. */
import type { LogOutputChannel } from "vscode";

/** Where the extension, the programs it runs and its servers write what a person may want to read later. */
export type Log = Pick<LogOutputChannel, "debug" | "info" | "warn" | "error">;

const LEVELS: readonly [RegExp, keyof Log][] = [
  [/\b(ERROR|CRITICAL)\b/, "error"],
  [/\bWARNING\b/, "warn"],
  [/\bDEBUG\b/, "debug"],
];

/**
 * Writes one line of a server's standard error at the level that the line itself names.
 *
 * Python's logging goes to standard error whatever its level, so calling all of it an error would hide the real ones.
 */
export function logServerLine(log: Log, line: string): void {
  const head = line.slice(0, 60);
  const level = LEVELS.find(([pattern]) => pattern.test(head))?.[1] ?? "info";
  log[level](line);
}

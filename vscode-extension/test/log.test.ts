/** A server's standard error in the log: at the level that the line itself names. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { logServerLine, type Log } from "../src/log";

it("takes the level from the head of the line, and calls the rest information", () => {
  const heard: string[] = [];
  const at = (level: string) => (): void => {
    heard.push(level);
  };
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  for (const line of [
    "12:00:01 ERROR lean_sidekick.lsp: no Lean",
    "12:00:01 WARNING lean_sidekick.lsp: slow",
    "12:00:01 DEBUG lean_sidekick.lsp: 3 checks",
    "12:00:01 INFO lean_sidekick.lsp: 0 checks ended in an ERROR",
    `Traceback ${"x".repeat(80)} ERROR`,
    "",
  ]) {
    logServerLine(log, line);
  }
  assert.deepEqual(heard, ["error", "warn", "debug", "error", "info", "info"]);
});

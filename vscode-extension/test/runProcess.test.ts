/** Running a program to its end: real processes of this very Node. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { runProcess, type ProcessEnd, type ProcessRequest } from "../src/runProcess";

/** Runs a piece of JavaScript in a process of its own. */
function runScript(script: string, more: Partial<ProcessRequest> = {}): Promise<ProcessEnd> {
  return runProcess({
    command: process.execPath,
    args: ["-e", script],
    env: process.env,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    onLine: () => undefined,
    ...more,
  });
}

// Starts a child that ignores the order to end and holds a connection to the test for as long as it lives.
const family = (port: number): string => `
  const child = \`process.on("SIGTERM", () => {}); require("node:net").connect(${port}, "127.0.0.1").on("error", () => {})\`;
  require("node:child_process").spawn(process.execPath, ["-e", child]);
  setInterval(() => {}, 1000);
`;

describe("runProcess", { timeout: 30_000 }, () => {
  it("gives the exit code and all lines, those of standard error too", async () => {
    const heard: string[] = [];
    const end = await runScript("console.log('out ∀'); console.error('err'); process.exitCode = 4", {
      onLine: (line) => heard.push(line),
    });
    assert.equal(end.kind === "exited" && end.code, 4);
    assert.deepEqual(heard.sort(), ["err", "out ∀"]);
  });

  it("keeps the last lines only", async () => {
    const end = await runScript("for (let i = 0; i < 3000; i++) console.log(i)");
    assert.ok(end.kind === "exited" && end.lines.length === 50 && end.lines.at(-1) === "2999");
  });

  it("says that a program does not exist", async () => {
    const end = await runScript("", { command: "/nowhere/no program" });
    assert.ok(end.kind === "notStarted" && end.reason.includes("ENOENT"));
  });

  it("hands arguments with spaces, quotes and letters beyond ASCII through as they are", async () => {
    const words = ["a b", `"quoted"`, "∀ x, $HOME", "back\\slash"];
    const end = await runScript("console.log(JSON.stringify(process.argv.slice(1)))", {
      args: ["-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", ...words],
    });
    assert.deepEqual(end.kind === "exited" && JSON.parse(end.lines[0] ?? ""), words);
  });

  it("does not start what is cancelled already", async () => {
    assert.deepEqual(await runScript("", { signal: AbortSignal.abort() }), { kind: "cancelled" });
  });

  for (const [name, kind] of [
    ["a cancel", "cancelled"],
    ["the time limit", "timedOut"],
  ] as const) {
    it(`ends the program and its children at ${name}, by force where they do not listen`, async () => {
      const cancel = new AbortController();
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const running = runScript(family((server.address() as AddressInfo).port), {
        signal: cancel.signal,
        timeoutMs: kind === "timedOut" ? 4_000 : 20_000,
      });
      const [connection] = (await once(server, "connection")) as [Socket];
      connection.resume().on("error", () => undefined);
      const childIsGone = once(connection, "close", { signal: AbortSignal.timeout(10_000) });
      if (kind === "cancelled") {
        cancel.abort();
      }
      assert.equal((await running).kind, kind);
      await childIsGone;
      server.close();
    });
  }
});

/** The report of a problem: it is shown before anybody else sees it, and it is whole whatever does not work. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogTail } from "../src/logTail";
import { problemReport } from "../src/problemReport";
import type { ProcessEnd } from "../src/runProcess";

const server = { executable: "/bin/lean-sidekick", args: ["serve"], env: {} };

function made(end: ProcessEnd, lines: readonly string[] = []): Promise<string> {
  const versions = { "Lean Sidekick": "1.2.3", "VS Code": "1.91.0" };
  return problemReport({ versions, server, status: "ready", run: () => Promise.resolve(end), lines });
}

describe("the report of a problem", () => {
  it("has versions, state, the doctor's words and the end of the log", async () => {
    const text = await made({ kind: "exited", code: 3, lines: ["Lean: none was found"] }, ["info: hello"]);
    for (const part of ["- Lean Sidekick: 1.2.3", "- state: ready", "Lean: none was found", "info: hello"]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /nothing was sent/);
  });

  it("says why there are no words of the doctor", async () => {
    assert.match(await made({ kind: "notStarted", reason: "no such file" }), /cannot be started: no such file/);
    assert.match(await made({ kind: "timedOut", lines: [] }), /did not end within 60 seconds/);
    assert.match(await made({ kind: "exited", code: 9, lines: [] }), /exit code 9/);
  });

  it("keeps a log with fences of its own inside its block", async () => {
    const text = await made({ kind: "cancelled" }, ["````", "# no heading"]);
    assert.ok(text.includes("`````\n````\n# no heading\n`````"));
  });
});

it("the log remembers its last lines and passes all on", () => {
  const heard: string[] = [];
  const hear = (text: string | Error): void => {
    heard.push(String(text));
  };
  const tail = new LogTail({ debug: hear, info: hear, warn: hear, error: hear });
  for (let number = 0; number < 400; number++) {
    tail.info(`line ${number}`);
  }
  tail.error(new Error("broken"));
  assert.equal(heard.length, 401);
  assert.equal(tail.last.length, 300);
  assert.match(tail.last.at(-1) ?? "", /^error: Error: broken/);
  assert.equal(tail.last[0], "info: line 101");
});

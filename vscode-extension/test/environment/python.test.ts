/** Which Python is taken, and what is said when none will do. */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { describe, it } from "node:test";
import { findPython, pythonCandidates, type Python } from "../../src/environment/python";
import { Problem } from "../../src/problem";
import type { ProcessEnd } from "../../src/runProcess";
import { exited, FakeRun, notFound, pythonSays } from "../support/fakeRun";

/** Looks for a Python on a machine where only some commands exist. */
async function find(
  machine: Record<string, ProcessEnd>,
  options: { requested?: string; platform?: NodeJS.Platform } = {},
): Promise<Python> {
  const { run } = new FakeRun((line) => machine[line.split(" -I ")[0] ?? ""] ?? notFound);
  const { requested = "", platform = "linux" } = options;
  return findPython(requested, platform, run, new AbortController().signal);
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Problem, String(error));
  return error.message;
}

describe("findPython", () => {
  it("takes the first command that is new enough", async () => {
    const python = await find({
      python3: pythonSays([3, 9, 6], "/usr/bin/python3"),
      "python3.12": pythonSays([3, 12, 1], "/opt/python3.12"),
      "python3.11": pythonSays([3, 11, 0], "/opt/python3.11"),
    });
    assert.deepEqual(python, { command: ["python3.12"], executable: "/opt/python3.12", version: "3.12.1" });
  });

  it("asks the launcher first on Windows", async () => {
    const python = await find(
      {
        "py -3": pythonSays([3, 13, 0], "C:\\Python313\\python.exe"),
        python: pythonSays([3, 11, 0], "C:\\Python311\\python.exe"),
      },
      { platform: "win32" },
    );
    assert.deepEqual(python.command, ["py", "-3"]);
  });

  it("passes over the Store's placeholder, which starts but is no Python", async () => {
    const python = await find(
      { "py -3": notFound, python: exited(9009), python3: pythonSays([3, 12, 0], "C:\\p.exe") },
      { platform: "win32" },
    );
    assert.equal(python.executable, "C:\\p.exe");
  });

  it("counts 3.11 and 4.0 as new enough, and 3.10 and 2.7 as not", async () => {
    for (const [version, isGood] of [
      [[3, 11, 0], true],
      [[4, 0, 0], true],
      [[3, 10, 14], false],
      [[2, 7, 18], false],
    ] as [[number, number, number], boolean][]) {
      const found = await find({ python3: pythonSays(version, "/p") }).then(
        () => true,
        () => false,
      );
      assert.equal(found, isGood, version.join("."));
    }
  });

  it("says that there is none", async () => {
    assert.equal(
      await rejection(find({})),
      "Lean Sidekick needs Python 3.11 or newer; none was found. Install one, or name it in the setting " +
        "leanSidekick.server.python.",
    );
  });

  it("says which ones are too old or cannot make environments, each once", async () => {
    const old = pythonSays([3, 9, 6], "/usr/bin/python3.9");
    const message = await rejection(
      find({ python3: old, python: old, "python3.12": pythonSays([3, 12, 3], "/usr/bin/python3.12", false) }),
    );
    assert.match(
      message,
      /found: \/usr\/bin\/python3\.9 is Python 3\.9\.6; \/usr\/bin\/python3\.12 \(Python 3\.12\.3\) lacks .*install python3-venv\. /,
    );
  });

  it("uses the Python of the setting and no other", async () => {
    const machine = { python3: pythonSays([3, 12, 0], "/usr/bin/python3") };
    const requested = "/opt/my python/bin/python";
    const python = await find({ ...machine, [requested]: pythonSays([3, 13, 0], requested) }, { requested });
    assert.equal(python.executable, requested);
    assert.match(
      await rejection(find(machine, { requested })),
      /leanSidekick\.server\.python names \/opt\/my python\/bin\/python, which does not run as Python \(spawn ENOENT\)/,
    );
    assert.match(
      await rejection(find({ ...machine, [requested]: exited(1, "Segmentation fault") }, { requested })),
      /\(Segmentation fault\)/,
    );
  });

  it("expands a home folder in the setting", () => {
    assert.deepEqual(pythonCandidates("~/venv/bin/python", "linux"), [[`${homedir()}/venv/bin/python`]]);
  });

  it("stops asking when it is cancelled", async () => {
    const cancel = new AbortController();
    const fake = new FakeRun(() => {
      cancel.abort();
      return { kind: "cancelled" };
    });
    await assert.rejects(findPython("", "linux", fake.run, cancel.signal), { name: "AbortError" });
    assert.equal(fake.requests.length, 1);
  });
});

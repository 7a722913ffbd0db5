/** What the setting `server.path` may say, and what is said when it is wrong. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, before, describe, it } from "node:test";
import { Problem } from "../src/problem";
import { namedServer, onPath, ownServer } from "../src/serverCommand";

describe("namedServer", () => {
  let folder: string;
  let program: string;
  before(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), "prográms ∀ "));
    program = path.join(folder, "lean-sidekick");
    await fs.writeFile(program, "", { mode: 0o755 });
    await fs.writeFile(path.join(folder, "notes.txt"), "", { mode: 0o644 });
  });
  after(() => fs.rm(folder, { recursive: true }));

  const named = (setting: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof namedServer> =>
    namedServer(setting, { platform: process.platform, env, home: folder });
  const problem = (setting: string, message: RegExp, env: NodeJS.ProcessEnv = {}): Promise<void> =>
    assert.rejects(named(setting, env), (error) => error instanceof Problem && message.test(error.message));

  it("takes a whole path, and leaves the variables of the user's own program alone", async () => {
    const env = { PYTHONPATH: "/mine" };
    assert.deepEqual(await named(program, env), { executable: program, args: ["serve"], env });
  });

  it("expands the home folder", async () => {
    assert.equal((await named(`~/lean-sidekick`)).executable, `${folder}/lean-sidekick`);
  });

  it("looks a bare name up on the PATH", async () => {
    const PATH = ["/nowhere", folder].join(path.delimiter);
    assert.equal((await named("lean-sidekick", { PATH })).executable, program);
    await problem("lean-sidekick", /names lean-sidekick, which is not on the PATH\./, { PATH: "/nowhere" });
  });

  it("refuses what is no program, saying which setting is wrong", async () => {
    await problem(path.join(folder, "missing"), /^leanSidekick\.server\.path names .*missing, where no program is/);
    await problem(folder, /where no program is/);
    await problem("./bin/lean-sidekick", /must be a whole path or a name on the PATH, not \.\/bin\/lean-sidekick/);
    if (process.platform !== "win32") {
      await problem(path.join(folder, "notes.txt"), /where no program is/);
    }
  });

  it("refuses batch files, which Windows does not start without a shell", async () => {
    await assert.rejects(
      namedServer("C:\\bin\\lean-sidekick.CMD", { platform: "win32", env: {}, home: "" }),
      /names the batch file .* name the program lean-sidekick\.exe/,
    );
  });
});

describe("onPath", () => {
  it("adds .exe on Windows, where the variable may be called Path", () => {
    const env = { Path: "C:\\Program Files\\Zoë;;D:\\bin" };
    assert.deepEqual(onPath("lean-sidekick", { platform: "win32", env, home: "" }), [
      "C:\\Program Files\\Zoë\\lean-sidekick.exe",
      "D:\\bin\\lean-sidekick.exe",
    ]);
  });

  it("keeps names as they are elsewhere", () => {
    const env = { PATH: "/usr/bin:/opt/my tools" };
    assert.deepEqual(onPath("lean-sidekick", { platform: "darwin", env, home: "" }), [
      "/usr/bin/lean-sidekick",
      "/opt/my tools/lean-sidekick",
    ]);
  });
});

describe("ownServer", () => {
  it("keeps the user's Python variables out, and Lean's in", () => {
    const { executable, args, env } = ownServer("/env/bin/lean-sidekick", {
      PYTHONPATH: "/ros",
      PythonHome: "/old",
      LEAN_PATH: "/lib",
    });
    assert.deepEqual([executable, args], ["/env/bin/lean-sidekick", ["serve"]]);
    assert.equal(env.LEAN_PATH, "/lib");
    assert.deepEqual(
      Object.keys(env).filter((name) => /^PYTHON(PATH|HOME)$/i.test(name)),
      [],
    );
  });
});

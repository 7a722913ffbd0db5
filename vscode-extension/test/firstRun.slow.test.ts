/**
 * The first run as a user has it: the built wheel, a real Python, real pip with its downloads, and the real server.
 *
 * Guards the way from an empty storage folder to a server that has answered, and that what the question says about
 * the download is true.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { downloads } from "../src/environment/downloads";
import { Session } from "./support/session";

/** Installed only where the platform asks for it. */
const ONLY_SOMEWHERE = ["colorama"];

describe("the first run", { timeout: 300_000 }, () => {
  let session: Session;
  const saved = { ...process.env };
  beforeEach(() => {
    session = new Session({}, process.cwd());
    session.editor.settings.delete("leanSidekick.server.path");
    // A clean home: no cache that hides a download, no settings or packages of whoever runs the test.
    for (const name of [
      "HOME",
      "USERPROFILE",
      "XDG_CACHE_HOME",
      "XDG_CONFIG_HOME",
      "XDG_STATE_HOME",
      "XDG_DATA_HOME",
    ]) {
      process.env[name] = session.file("home", "x", "..");
    }
  });
  afterEach(async () => {
    process.env = { ...saved };
    await session.close();
  });

  it("asks, installs, and starts the server, which answers; the next start asks and installs nothing", async () => {
    const { editor } = session;
    editor.answer = ({ choices }) => choices.find((choice) => choice === "Set Up");
    editor.patienceMs = 240_000;
    editor.addFolder(session.file("pröject ∀"));
    session.activate();
    editor.open(session.file("pröject ∀", "A.lean"), "theorem a : True := by\n  sorry\n");
    await editor.until("a running server", () => editor.commands.has("leanSidekick.completeProof"));
    assert.equal(editor.shown.filter(({ choices }) => choices.includes("Set Up")).length, 1);

    const [environment, ...others] = await fs.readdir(path.join(session.folder, "storage/environments"));
    assert.deepEqual(others, []);
    const wheels = path.join(session.folder, "storage/environments", environment ?? "", "wheels");
    const files = (await fs.readdir(wheels)).filter((file) => !file.startsWith("lean_sidekick-"));
    const names = files.map((file) => file.split("-")[0] ?? "").filter((name) => !ONLY_SOMEWHERE.includes(name));
    assert.deepEqual(names.sort(), [...downloads.packages].sort());
    const sizes = await Promise.all(files.map(async (file) => (await fs.stat(path.join(wheels, file))).size));
    const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1_000_000;
    assert.ok(megabytes <= downloads.megabytes && megabytes > downloads.megabytes / 2, `${megabytes} MB`);

    await session.run("leanSidekick.restart");
    await editor.until("a second start", () => editor.log.filter((line) => line.includes(" runs: ")).length === 2);
    assert.equal(editor.shown.filter(({ choices }) => choices.includes("Set Up")).length, 1);
    assert.deepEqual(
      editor.progresses.map(({ title }) => title),
      ["Setting up Lean Sidekick"],
    );
  });

  it("leaves nothing behind when it is cancelled on the way", async () => {
    const { editor } = session;
    editor.answer = ({ choices }) => choices.find((choice) => choice === "Set Up");
    editor.patienceMs = 60_000;
    session.activate();
    editor.open(session.file("A.lean"), "");
    const progress = await editor.until("the installation", () => editor.progresses[0]);
    await editor.until("a step", () => progress.steps.length > 0);
    progress.cancel();
    await session.shows("set up");
    assert.deepEqual(await fs.readdir(path.join(session.folder, "storage/environments")), []);
  });
});

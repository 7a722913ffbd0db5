/**
 * The whole extension against scripted servers: real processes and the real client library on a stand-in for VS Code.
 *
 * Guards what a user would notice: who is started and with what, who gets which message, what is said when it fails.
 */
import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import { isAlive } from "./support/isAlive";
import { Session, type Script } from "./support/session";
import { pathToFileURL } from "node:url";

const skip = process.platform === "win32" ? "the scripted server is started by its first line" : false;

describe("the extension", { skip, timeout: 60_000 }, () => {
  let session: Session;
  const begin = (script?: Script): Session => (session = new Session(script));
  afterEach(() => session.close());

  it("starts one server for the folder of the document on the screen, in that folder", async () => {
    begin();
    session.editor.addFolder(session.file("proj"));
    session.editor.set("leanSidekick.suggest.maxItems", 3);
    session.activate();
    assert.deepEqual(session.seen("start"), [], "nothing starts before a Lean file is shown");
    const document = session.editor.open(session.file("proj", "A.lean"), "theorem a : True := by\n");

    const [opened] = await session.sees("textDocument/didOpen");
    assert.deepEqual(opened?.params.textDocument, {
      uri: document.uri.toString(),
      languageId: "lean4",
      version: 7,
      text: "theorem a : True := by\n",
    });
    const [start] = await session.sees("start");
    assert.deepEqual(start?.argv, ["serve"]);
    assert.equal(start.params.cwd, realpathSync(session.file("proj")));
    const [initialize] = await session.sees("initialize");
    assert.deepEqual(initialize?.params.initializationOptions, {
      settings: { server: { path: session.program }, suggest: { maxItems: 3 } },
      trusted: true,
    });
    assert.equal(initialize.params.rootUri, pathToFileURL(session.file("proj")).href);
    await session.shows("$(check) Sidekick");
    assert.deepEqual(session.editor.shown, []);
  });

  it("leaves documents alone that are no Lean files on the disk", async () => {
    begin();
    session.activate();
    session.editor.open(session.file("a.py"), "", "python");
    session.editor.open(session.file("B.lean"), "");
    await session.sees("textDocument/didOpen");
    assert.equal(session.seen("textDocument/didOpen").length, 1);
  });

  it("takes up a document on the screen that becomes a Lean file", async () => {
    begin();
    session.activate();
    const document = session.editor.open(session.file("A.lean"), "", "plaintext");
    session.editor.changeLanguage(document, "lean4");
    await session.sees("textDocument/didOpen");
    await session.shows("$(check)");
  });

  it("gives each workspace folder a server and sends a command to the one whose document it names", async () => {
    begin();
    session.editor.addFolder(session.file("one"));
    session.editor.addFolder(session.file("two [x]"));
    session.activate();
    const first = session.editor.open(session.file("one", "A.lean"), "");
    const second = session.editor.open(session.file("two [x]", "B.lean"), "");
    const opened = await session.sees("textDocument/didOpen", 2);
    const pids = new Map(opened.map(({ pid, params }) => [(params.textDocument as { uri: string }).uri, pid]));
    assert.equal(new Set(pids.values()).size, 2);
    await session.shows("$(check)");
    session.editor.show(first);
    await session.shows("$(check)");

    for (const { uri } of [first, second, first]) {
      const result = await session.run("leanSidekick.completeProof", { uri: uri.toString() });
      assert.equal((result as { pid: number }).pid, pids.get(uri.toString()));
    }
    const restarted = await session.run("leanSidekick.restartLean");
    assert.equal((restarted as { pid: number }).pid, pids.get(first.uri.toString()), "the active editor's server");
    assert.equal(session.seen("textDocument/didOpen").length, 2, "no server hears of the other's document");
  });

  it("has one more server, without a root, for files outside all folders", async () => {
    begin();
    session.editor.addFolder(session.file("proj"));
    session.activate();
    session.editor.open(session.file("elsewhere", "A.lean"), "");
    const [initialize] = await session.sees("initialize");
    assert.equal(initialize?.params.rootUri, null);
    assert.equal(initialize.params.workspaceFolders, null);
    await session.sees("textDocument/didOpen");
  });

  it("moves a document to the server of a folder that is added around it, and ends that of a removed one", async () => {
    begin();
    session.activate();
    session.editor.open(session.file("proj", "A.lean"), "");
    const [before] = await session.sees("textDocument/didOpen");
    const folder = session.editor.addFolder(session.file("proj"));
    const [, after] = await session.sees("textDocument/didOpen", 2);
    assert.notEqual(after?.pid, before?.pid);
    assert.equal(
      session.seen("initialize").find(({ pid }) => pid === after?.pid)?.params.rootUri,
      folder.uri.toString(),
    );
    session.editor.documents = [];
    session.editor.removeFolder(folder);
    const exits = await session.sees("exit", 2);
    assert.ok(exits.some(({ pid }) => pid === after?.pid));
  });

  it("shows the server's state and offers what can be done about it", async () => {
    begin({ status: { state: "importsStale", message: "Run lake build, then restart Lean." } });
    session.activate();
    const document = session.editor.open(session.file("A.lean"), "");
    await session.shows("$(warning) Sidekick: imports");
    assert.equal(session.editor.statusItems[0]?.tooltip, "Run lake build, then restart Lean.");
    session.editor.answer = () => "Restart Lean";
    await session.run("leanSidekick.showStatus");
    assert.equal(session.editor.shown[0]?.text, "Run lake build, then restart Lean.");
    const [executed] = await session.sees("workspace/executeCommand");
    assert.equal(executed?.params.command, "leanSidekick.restartLean");

    session.editor.open(session.file("notes.txt"), "", "plaintext");
    assert.equal(session.editor.statusItems[0].isVisible, false);
    session.editor.show(document);
    assert.equal(session.editor.statusItems[0].isVisible, true);
  });

  it("completes the proof at the cursor of the active editor, in the version that it shows", async () => {
    begin();
    session.activate();
    const document = session.editor.open(session.file("A.lean"), "");
    session.editor.cursor = { line: 3, character: 5 };
    await session.shows("$(check)");
    await session.run("leanSidekick.completeProofHere");
    const [executed] = await session.sees("workspace/executeCommand");
    assert.deepEqual(executed?.params.arguments, [
      { uri: document.uri.toString(), version: 7, position: { line: 3, character: 5 } },
    ]);
    assert.deepEqual(
      session.editor.progresses.map(({ title, isOver }) => ({ title, isOver })),
      [{ title: "Completing the proof", isOver: true }],
    );
  });

  it("says what a server says of a command that failed", async () => {
    begin();
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    await session.run("test.fail");
    assert.equal(session.editor.shown[0]?.text, "There is no proof at the cursor.");
  });

  it("says why a command has nowhere to go", async () => {
    begin();
    session.activate();
    await session.run("leanSidekick.completeProofHere");
    await session.run("leanSidekick.restartLean");
    session.editor.open(session.file("notes.txt"), "", "plaintext");
    await session.run("leanSidekick.restartLean");
    assert.deepEqual(
      session.editor.shown.map(({ text }) => text),
      [
        "Put the cursor into a proof of a Lean file first.",
        "Lean Sidekick acts on the active editor: open a Lean file first.",
        "Lean Sidekick does not run for this file; its entry in the status bar says why.",
      ],
    );
  });

  it("sends changed settings to the server that runs, and starts a new one only for another program", async () => {
    begin();
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    await session.sees("workspace/didChangeConfiguration");
    session.editor.set("leanSidekick.suggest.delayMs", 900);
    const [, change] = await session.sees("workspace/didChangeConfiguration", 2);
    assert.deepEqual(change?.params.settings, {
      leanSidekick: { server: { path: session.program }, suggest: { delayMs: 900 } },
    });
    assert.equal(session.seen("start").length, 1);

    session.editor.set("leanSidekick.server.python", "/usr/bin/python3");
    const [first, second] = await session.sees("start", 2);
    await session.sees("textDocument/didOpen", 2);
    assert.notEqual(first?.pid, second?.pid);
    assert.equal(isAlive(first?.pid ?? 0), false, "the old one has ended before the new one starts");
  });

  it("starts a server that dies again, gives it up when it keeps dying, and starts it once more by command", async () => {
    begin({ crashOn: "textDocument/didOpen" });
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("stopped");
    assert.equal(session.seen("start").length, 5);
    assert.match(session.editor.shown[0]?.text ?? "", /keeps stopping.*my sidekick\.mjs ended with exit code 3/);
    assert.match(session.editor.shown[0]?.text ?? "", /No module named 'pygls'/);

    session.play({});
    await session.run("leanSidekick.restart");
    await session.shows("$(check)");
    assert.equal(session.seen("start").length, 6);
    assert.equal(session.editor.shown.length, 1);
  });

  const failures: [string, Script, RegExp][] = [
    [
      "dies at once",
      { crashOn: "initialize" },
      /my sidekick\.mjs did not start: it ended with exit code 3, saying "Mod/,
    ],
    ["refuses to begin", { refuseInitialize: true }, /my sidekick\.mjs did not start: it answered "no, thank you"/],
  ];
  for (const [name, script, message] of failures) {
    it(`names the program of a server that ${name}, once, and does not start it again`, async () => {
      begin(script);
      session.activate();
      session.editor.open(session.file("A.lean"), "");
      await session.shows("stopped");
      assert.match(session.editor.shown[0]?.text ?? "", message);
      assert.equal(session.editor.shown.length, 1);
      assert.equal(session.seen("start").length, 1);
    });
  }

  it("says that the program of the setting does not exist, and starts the right one when it is corrected", async () => {
    begin();
    session.editor.settings.set("leanSidekick.server.path", "/nowhere/lean-sidekick");
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("stopped");
    assert.match(session.editor.shown[0]?.text ?? "", /server\.path names \/nowhere\/lean-sidekick, where no program/);
    session.editor.set("leanSidekick.server.path", session.program);
    await session.shows("$(check)");
  });

  it("starts nothing in a folder that is not trusted, until it is", async () => {
    begin();
    session.editor.isTrusted = false;
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("restricted");
    assert.deepEqual(session.seen("start"), []);
    session.editor.isTrusted = true;
    session.editor.onDidGrantWorkspaceTrust.fire(undefined);
    await session.shows("$(check)");
    const [initialize] = await session.sees("initialize");
    assert.equal((initialize?.params.initializationOptions as { trusted: boolean }).trusted, true);
  });

  it("shows how a long command gets on, cancels it from there, and says nothing more about it", async () => {
    begin({ isSlow: true });
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    const running = session.run("leanSidekick.completeProofHere");
    const progress = await session.editor.until("progress", () => session.editor.progresses[0]);
    await session.editor.until("a step", () => progress.steps.includes("looking"));
    progress.cancel();
    await running;
    assert.equal(progress.isOver, true);
    assert.equal(session.seen("$/cancelRequest").length, 1);
    assert.deepEqual(session.editor.shown, []);
  });

  it("keeps the key for a model server secret, and hands it to servers that start from then on", async () => {
    begin();
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    const keys = async (times: number): Promise<unknown> => (await session.sees("start", times)).at(-1)?.params.key;
    assert.equal(await keys(1), "");
    await session.shows("$(check)");
    session.editor.typed = " sk-secret \n";
    await session.run("leanSidekick.setModelKey");
    assert.equal(await keys(2), "sk-secret");
    assert.deepEqual([...session.secrets.values()], ["sk-secret"]);
    assert.deepEqual(session.editor.builtIn.at(-1), ["input", true]);
    assert.ok(!JSON.stringify(session.editor.log).includes("sk-secret"));
    await session.shows("$(check)");

    session.editor.typed = undefined;
    await session.run("leanSidekick.setModelKey");
    assert.equal(session.secrets.size, 1, "closing the box changes nothing");
    session.editor.typed = "";
    await session.run("leanSidekick.setModelKey");
    assert.equal(await keys(3), "");
    assert.equal(session.secrets.size, 0);
  });

  it("ends a server by force that ignores its orders", async () => {
    begin({ stayAlive: true });
    session.activate();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    // The session itself throws when a process is left.
    await session.close();
    begin();
  });
});

/** The panel between its page and the servers: who is told of which place, what is shown, what is taken. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { ToPage } from "../src/panel/messages";
import { panelHtml } from "../src/panel/panelHtml";
import { PANEL_VIEW } from "../src/panel/panel";
import { WebviewView, type Document } from "./support/editor";
import { Session, type Script } from "./support/session";

const ROUND = {
  round: 5,
  state: "done",
  message: "",
  goals: [],
  more: 0,
  suggestions: [],
  checks: 1,
  milliseconds: 2,
  first: null,
  tallies: [],
};
const skip = process.platform === "win32" ? "the scripted server is started by its first line" : false;

describe("the panel", { skip, timeout: 60_000 }, () => {
  let session: Session;
  const begin = (script: Script = { panel: ROUND }): WebviewView => {
    session = new Session(script);
    session.activate();
    return new WebviewView();
  };
  const open = (view: WebviewView): void => {
    session.editor.viewProviders.get(PANEL_VIEW)?.resolveWebviewView(view.api());
  };
  const places = (): unknown[] => session.seen("leanSidekick/panelMoved").map(({ params }) => params.place);
  type RoundMessage = Extract<ToPage, { kind: "round" }>;
  const round = (view: WebviewView): RoundMessage | undefined =>
    (view.posted as ToPage[]).findLast((message): message is RoundMessage => message.kind === "round");
  const hasRound = (view: WebviewView, document: Document): Promise<unknown> =>
    session.editor.until("the round", () => round(view)?.round?.uri === document.uri.toString());
  afterEach(() => session.close());

  it("costs nothing while it is not open, and opens by its command", async () => {
    begin();
    session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    session.editor.onDidChangeTextEditorSelection.fire({ textEditor: undefined });
    await session.run("leanSidekick.openPanel");
    assert.deepEqual(session.editor.builtIn.at(-1), ["leanSidekick.panel.focus"]);
    await session.run("test.fail");
    assert.deepEqual(places(), []);
  });

  it("tells the server of the place at the cursor while it is seen, and shows what it says", async () => {
    const view = begin();
    const document = session.editor.open(session.file("A.lean"), "");
    session.editor.cursor = { line: 3, character: 5 };
    await session.shows("$(check)");
    open(view);
    await hasRound(view, document);
    const place = { uri: document.uri.toString(), version: 7, position: { line: 3, character: 5 } };
    assert.deepEqual(places(), [place]);
    assert.equal(round(view)?.isStale, false);

    view.show(false);
    await session.sees("leanSidekick/panelMoved", 2);
    assert.deepEqual(places()[1], null);
    view.show(true);
    await session.sees("leanSidekick/panelMoved", 3);
    assert.deepEqual(places()[2], place);
  });

  it("is stale from the next keystroke on, until the server speaks of the new text", async () => {
    const view = begin();
    const before = session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    open(view);
    await hasRound(view, before);
    Object.assign(before, { version: 8 });
    session.editor.onDidChangeTextDocument.fire({ document: before, contentChanges: [] });
    assert.equal(round(view)?.isStale, true);
    await session.editor.until("the new round", () => round(view)?.round?.version === 8);
    assert.equal(round(view)?.isStale, false);
  });

  it("puts a suggestion in by the server's command and gives the focus back to the editor", async () => {
    const view = begin({ panel: ROUND, result: { applied: true, message: "" } });
    const document = session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    open(view);
    await hasRound(view, document);
    const taken = { uri: document.uri.toString(), version: 7, round: 5, tactic: "simp" };
    view.onDidReceiveMessage.fire({ kind: "take", taken });
    const [executed] = await session.sees("workspace/executeCommand");
    assert.deepEqual(executed?.params.arguments, [taken]);
    assert.equal(executed.params.command, "leanSidekick.takeSuggestion");
    await session.editor.until("the editor", () =>
      session.editor.builtIn.some(([name]) => name === "showTextDocument"),
    );
  });

  it("says why a suggestion was not put in, and stays where it is", async () => {
    const view = begin({ panel: ROUND, result: { applied: false, message: "The editor did not put it in: simp" } });
    const document = session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    open(view);
    await hasRound(view, document);
    const taken = { uri: document.uri.toString(), version: 7, round: 5, tactic: "simp" };
    view.onDidReceiveMessage.fire({ kind: "take", taken });
    await session.editor.until("the reason", () => session.editor.shown.length === 1);
    assert.equal(session.editor.shown[0]?.text, "The editor did not put it in: simp");
    assert.ok(!session.editor.builtIn.some(([name]) => name === "showTextDocument"));
  });

  it("tells its page everything when the page is there, as after it was hidden", async () => {
    const view = begin();
    const document = session.editor.open(session.file("A.lean"), "");
    await session.shows("$(check)");
    open(view);
    await hasRound(view, document);
    view.posted.length = 0;
    view.onDidReceiveMessage.fire({ kind: "ready" });
    assert.equal(round(view)?.round?.round, 5);
    assert.deepEqual(view.posted.at(-1), { kind: "search", search: undefined });
  });

  it("turns to the server of another folder, and lets the first one rest", async () => {
    const view = begin();
    session.editor.addFolder(session.file("one"));
    session.editor.addFolder(session.file("two"));
    const first = session.editor.open(session.file("one", "A.lean"), "");
    await session.shows("$(check)");
    const second = session.editor.open(session.file("two", "B.lean"), "");
    await session.shows("$(check)");
    open(view);
    await hasRound(view, second);
    session.editor.show(first);
    await hasRound(view, first);
    const moved = session.seen("leanSidekick/panelMoved");
    assert.equal(moved.length, 3);
    assert.deepEqual(
      moved.filter(({ pid }) => pid === moved[0]?.pid).map(({ params }) => params.place !== null),
      [true, false],
    );
  });

  it("says what to do where there is nothing to show", async () => {
    const view = begin({ panel: ROUND, refuseInitialize: true });
    open(view);
    await session.editor.until("a notice", () => round(view)?.notice.startsWith("Open a Lean file"));
    session.editor.open(session.file("A.lean"), "");
    await session.shows("stopped");
    await session.editor.until("another", () => round(view)?.notice.startsWith("Lean Sidekick does not run"));
  });

  it("follows a server that starts while it is seen, and asks it no more often than there is reason to", async () => {
    const view = begin();
    open(view);
    const document = session.editor.open(session.file("A.lean"), "");
    await hasRound(view, document);
    await session.run("leanSidekick.restart");
    await session.sees("start", 2);
    await session.editor.until("the second round", () => session.seen("leanSidekick/panelMoved").length === 2);
    assert.equal(new Set(session.seen("leanSidekick/panelMoved").map(({ pid }) => pid)).size, 2);
  });
});

describe("the panel's page", () => {
  it("may load one script and one style, and ask nobody anything", () => {
    const html = panelHtml({
      nonce: "n1",
      source: "https://files",
      script: "https://files/p.js",
      style: "https://files/p.css",
    });
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    assert.equal(policy, "default-src 'none'; style-src https://files; script-src 'nonce-n1'");
    assert.equal(html.split("<script").length, 2);
    assert.match(html, /<script nonce="n1" src="https:\/\/files\/p\.js"><\/script>/);
    assert.doesNotMatch(html, /style=|onclick|unsafe/);
  });
});

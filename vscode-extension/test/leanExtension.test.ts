/**
 * The head start from the official extension, with a stand-in for what it exports.
 *
 * Guards that its goals are taken where they are to be had, and that whatever it lacks, does or leaves undone is no
 * more than no goals.
 */
import assert from "node:assert/strict";
import * as path from "node:path";
import { beforeEach, describe, it } from "node:test";
import { goalsAt } from "../src/leanExtension";
import { isInFolder } from "../src/isInFolder";
import { newEditor, Uri, type Document, type Editor } from "./support/editor";
import { Session } from "./support/session";

const FOLDER = "/home/me/my proofs ∀";
const GOALS = ["case h\np : Prop\n⊢ p", "⊢ True"];
const NEVER = new Promise<never>(() => undefined);

class Client {
  readonly asked: unknown[][] = [];
  isUp: unknown = true;
  answer: () => unknown = () => Promise.resolve({ rendered: "", goals: GOALS });
  constructor(private readonly folder: string | undefined) {}
  getClientFolder(): unknown {
    return this.folder === undefined ? { scheme: "untitled" } : { scheme: "file", fsPath: this.folder };
  }
  isRunning(): unknown {
    return this.isUp;
  }
  sendRequest(...args: unknown[]): unknown {
    this.asked.push(args);
    return this.answer();
  }
}

function exporting(...clients: unknown[]): unknown {
  return {
    alwaysEnabledFeatures: {},
    lean4EnabledFeatures: Promise.resolve({ clientProvider: { getClients: () => clients } }),
  };
}

describe("the official extension's goals", () => {
  let editor: Editor;
  let document: Document;
  let giveUp: (() => void) | undefined;
  const waiting = {
    onCancellationRequested: (listener: () => void) => {
      giveUp = listener;
      return { dispose: () => undefined };
    },
  };
  const ask = (version = 7, limitMs = 10_000): Promise<string[]> =>
    goalsAt({ uri: document.uri.toString(), version, position: { line: 1, character: 2 } }, waiting, limitMs);
  const install = (exports: unknown, isActive = true): void => {
    editor.extensions.set("leanprover.lean4", { isActive, exports });
  };

  beforeEach(() => {
    editor = newEditor();
    document = editor.open(`${FOLDER}/Sub/A.lean`, "");
  });

  it("are those of the client whose project holds the file, for the version that is meant", async () => {
    const [outer, inner, other] = [new Client(FOLDER), new Client(`${FOLDER}/Sub`), new Client(`${FOLDER}/Su`)];
    install(exporting(outer, other, inner));
    assert.deepEqual(await ask(), GOALS);
    assert.deepEqual(inner.asked[0]?.slice(0, 2), [
      "$/lean/plainGoal",
      { textDocument: { uri: document.uri.toString() }, position: { line: 1, character: 2 } },
    ]);
    assert.deepEqual([outer.asked, other.asked], [[], []]);
  });

  it("come from the client without a folder where none holds the file", async () => {
    const [elsewhere, loose] = [new Client("/other"), new Client(undefined)];
    install(exporting(elsewhere, loose));
    assert.deepEqual(await ask(), GOALS);
    assert.equal(elsewhere.asked.length, 0);
  });

  const noGoals: [string, unknown][] = [
    ["exports nothing", undefined],
    ["exports something else", { allFeatures: () => NEVER }],
    ["has features that are no promise", { lean4EnabledFeatures: 7 }],
    ["has features without a client provider", { lean4EnabledFeatures: Promise.resolve({}) }],
    [
      "has features that fail",
      {
        get lean4EnabledFeatures() {
          return Promise.reject(new Error("no Lean"));
        },
      },
    ],
    ["has a provider without clients", { lean4EnabledFeatures: Promise.resolve({ clientProvider: {} }) }],
    ["has no client yet", exporting()],
    ["has clients that are nothing", exporting(undefined, null, 3, {})],
    ["has a client of another project only", exporting(new Client("/other"))],
  ];
  for (const [what, exports] of noGoals) {
    it(`are none if it ${what}`, async () => {
      install(exports);
      assert.deepEqual(await ask(), []);
    });
  }

  it("are none without it, and where it is not active it is not activated", async () => {
    assert.deepEqual(await ask(), []);
    install(exporting(new Client(FOLDER)), false);
    assert.deepEqual(await ask(), []);
  });

  it("are given up in time when its promise never resolves", async () => {
    install({ lean4EnabledFeatures: NEVER });
    assert.deepEqual(await ask(7, 5), []);
  });

  it("are given up as soon as the server says that nobody waits", async () => {
    install({ lean4EnabledFeatures: NEVER });
    const asked = ask();
    giveUp?.();
    assert.deepEqual(await asked, []);
  });

  const clients: [string, (client: Client) => void][] = [
    ["is not running", (client) => (client.isUp = false)],
    ["throws", (client) => (client.answer = () => assert.fail("the connection is closed"))],
    ["answers with an error", (client) => (client.answer = () => Promise.reject(new Error("content modified")))],
    ["sees no goal there", (client) => (client.answer = () => Promise.resolve(null))],
    ["answers in another shape", (client) => (client.answer = () => Promise.resolve({ goals: [{ type: "p" }] }))],
    ["answers at once with nothing", (client) => (client.answer = () => undefined)],
  ];
  for (const [what, break_] of clients) {
    it(`are none if its client ${what}`, async () => {
      const client = new Client(FOLDER);
      break_(client);
      install(exporting(client));
      assert.deepEqual(await ask(), []);
    });
  }

  it("are given up in time when its client never answers, which is told so", async () => {
    const client = new Client(FOLDER);
    client.answer = () => NEVER;
    install(exporting(client));
    assert.deepEqual(await ask(7, 5), []);
    const token = client.asked[0]?.[2] as { isCancellationRequested: boolean };
    assert.equal(token.isCancellationRequested, true);
  });

  it("are not asked for in a version that is gone, and not taken when it goes meanwhile", async () => {
    const client = new Client(FOLDER);
    install(exporting(client));
    assert.deepEqual(await ask(6), []);
    assert.equal(client.asked.length, 0);
    client.answer = () => {
      editor.documents = [{ ...document, version: 8 }];
      return Promise.resolve({ goals: GOALS });
    };
    assert.deepEqual(await ask(), []);
    assert.equal(client.asked.length, 1);
  });
});

describe("a file in a folder", () => {
  const cases: [string, string, path.PlatformPath, boolean][] = [
    ["/a/b/C.lean", "/a/b", path.posix, true],
    ["/a/b/C.lean", "/a/b/", path.posix, true],
    ["/a/bc/C.lean", "/a/b", path.posix, false],
    ["/a/..b/C.lean", "/a", path.posix, true],
    ["/a/b ∀/C.lean", "/a/b ∀", path.posix, true],
    ["/A/b/C.lean", "/a", path.posix, false],
    ["C:\\Me\\p\\C.lean", "c:\\me", path.win32, true],
    ["D:\\me\\C.lean", "C:\\me", path.win32, false],
    ["\\\\server\\share\\p\\C.lean", "\\\\server\\share", path.win32, true],
  ];
  for (const [file, folder, system, expected] of cases) {
    it(`${file} ${expected ? "in" : "not in"} ${folder}`, () => {
      assert.equal(isInFolder(file, folder, system), expected);
    });
  }
});

const skip = process.platform === "win32" ? "the scripted server is started by its first line" : false;

describe("the server's question for goals", { skip, timeout: 60_000 }, () => {
  it("is answered through the whole extension, with none where there is no official extension", async () => {
    const uri = Uri.file("/nowhere/A.lean").toString();
    const params = { uri, version: 7, position: { line: 0, character: 0 } };
    const session = new Session({ ask: { method: "leanSidekick/goalsAt", params } });
    try {
      session.activate();
      session.editor.open(session.file("A.lean"), "");
      const [answer] = await session.sees("(answer)");
      assert.deepEqual(answer?.params, { id: "ours", result: { goals: [] } });
      const [initialize] = await session.sees("initialize");
      const { experimental } = initialize?.params.capabilities as { experimental: unknown };
      assert.deepEqual(experimental, { leanSidekick: { goalsAt: true, findLemma: true } });
    } finally {
      await session.close();
    }
  });
});

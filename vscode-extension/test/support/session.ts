/** A started extension with scripted servers, as tests of the whole use it. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { ExtensionContext } from "vscode";
import { activate, deactivate } from "../../src/extension";
import { isAlive } from "./isAlive";
import { newEditor, Uri, type Editor } from "./editor";

export interface Script {
  /** The message at which the server dies. */
  readonly crashOn?: string;
  readonly refuseInitialize?: boolean;
  /** Deaf to the order to end, and to the signal that asks for it. */
  readonly stayAlive?: boolean;
  /** Commands report progress and then take until they are cancelled. */
  readonly isSlow?: boolean;
  /** What the results of its commands hold beside the command. */
  readonly result?: Record<string, unknown>;
  /** What it answers to "the panel has moved", but for the place, which is the one that was asked about. */
  readonly panel?: Record<string, unknown>;
  /** A request that is sent when the client is ready. */
  readonly ask?: { method: string; params: unknown };
  readonly status?: { state: string; message: string };
}

/** One thing that a server process saw. */
export interface Seen {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export class Session {
  readonly editor: Editor = newEditor();
  // A space and letters beyond ASCII: every path of every test has them.
  readonly folder = mkdtempSync(path.join(tmpdir(), "séance ∀ "));
  /** The editor's secret storage. */
  readonly secrets = new Map<string, string>();
  readonly program = path.join(this.folder, "my sidekick.mjs");
  private readonly transcript = path.join(this.folder, "transcript.jsonl");
  private readonly watcher;
  private readonly context: ExtensionContext;

  /** `extensionFolder` is where the extension looks for its wheel. */
  constructor(script: Script = {}, extensionFolder = "") {
    copyFileSync("test/support/scriptedServer.mjs", this.program);
    chmodSync(this.program, 0o755);
    writeFileSync(this.transcript, "");
    this.play(script);
    this.watcher = watch(this.transcript, () => {
      this.editor.changed();
    });
    this.editor.settings.set("leanSidekick.server.path", this.program);
    this.context = {
      subscriptions: [],
      extensionUri: Uri.file(this.folder),
      globalStorageUri: Uri.file(path.join(this.folder, "storage")),
      asAbsolutePath: (relative: string) => path.resolve(this.folder, extensionFolder, relative),
      secrets: {
        get: (name: string) => Promise.resolve(this.secrets.get(name)),
        store: (name: string, value: string) => Promise.resolve(void this.secrets.set(name, value)),
        delete: (name: string) => Promise.resolve(void this.secrets.delete(name)),
      },
      extension: { packageJSON: { version: "0.1.0" } },
    } as unknown as ExtensionContext;
  }

  /** What the servers that start from now on do. */
  play(script: Script): void {
    process.env.SCRIPT = JSON.stringify({ transcript: this.transcript, ...script });
  }

  activate(): void {
    activate(this.context);
  }

  /** A path in the session's folder whose parents exist. */
  file(...parts: string[]): string {
    const file = path.join(this.folder, ...parts);
    mkdirSync(path.dirname(file), { recursive: true });
    return file;
  }

  seen(method: string): Seen[] {
    const lines = existsSync(this.transcript) ? readFileSync(this.transcript, "utf8").split("\n").slice(0, -1) : [];
    return lines.map((line) => JSON.parse(line) as Seen).filter((each) => each.method === method);
  }

  /** Resolves when servers have seen a message so many times in all. */
  async sees(method: string, times = 1): Promise<Seen[]> {
    return this.editor.until(`${times} × ${method}`, () => {
      const seen = this.seen(method);
      return seen.length >= times && seen;
    });
  }

  /** Resolves when the item in the status bar has such a text. */
  async shows(text: string): Promise<void> {
    await this.editor.until(`"${text}" in the status bar`, () => {
      const item = this.editor.statusItems[0];
      return item?.isVisible === true && item.text.includes(text);
    });
  }

  run(command: string, ...args: unknown[]): unknown {
    const run = this.editor.commands.get(command);
    if (run === undefined) {
      throw new Error(`${command} is not registered`);
    }
    return run(...args);
  }

  /** Ends the extension; throws if a server process outlives it. */
  async close(): Promise<void> {
    await deactivate();
    for (const { dispose } of this.context.subscriptions.map((each) => ({
      dispose: () => {
        each.dispose();
      },
    }))) {
      dispose();
    }
    this.watcher.close();
    const left = this.seen("start").filter(({ pid }) => isAlive(pid));
    rmSync(this.folder, { recursive: true, force: true });
    if (left.length > 0) {
      throw new Error(`${left.length} server processes outlive the extension`);
    }
  }
}

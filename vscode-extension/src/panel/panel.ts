/**
 * The view in the side bar: tells the right server what its user looks at while it is seen, hands what the server says on
 * to its page, and what the user chooses there back. It draws nothing and decides nothing about proofs.
 */
import { randomBytes } from "node:crypto";
import {
  Uri,
  window,
  workspace,
  type Disposable,
  type TextEditor,
  type WebviewView,
  type WebviewViewProvider,
} from "vscode";
import { isLeanDocument } from "../leanDocument";
import type { FromPage, Round, SearchTree, Taken, ToPage } from "./messages";
import { panelHtml } from "./panelHtml";

export const PANEL_VIEW = "leanSidekick.panel";

/** What the panel needs of a server. */
export interface PanelServer {
  notify(method: string, params: unknown): void;
}

export interface PanelParams {
  /** The extension's folder `dist`. */
  readonly files: Uri;
  /** The running server of a document. */
  readonly serverOf: (uri: Uri) => PanelServer | undefined;
  /** Runs a server's command; undefined if it failed, which the user was told. */
  readonly run: (command: string, argument: unknown) => Promise<unknown>;
  readonly report: (problem: string) => void;
}

/** A server works for what the cursor rests on, not for what it passes. */
const REST_MS = 100;
const NO_FILE = "Open a Lean file and put the cursor into a proof.";
const NO_SERVER = "Lean Sidekick does not run for this file; its entry in the status bar says why.";

export class Panel implements WebviewViewProvider, Disposable {
  private view: WebviewView | undefined;
  /** The server that works for the panel now. */
  private told: PanelServer | undefined;
  private editor: TextEditor | undefined;
  private round: Round | undefined;
  private search: SearchTree | undefined;
  private notice = NO_FILE;
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: Disposable[];

  constructor(private readonly params: PanelParams) {
    this.listeners = [
      window.registerWebviewViewProvider(PANEL_VIEW, this),
      window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === window.activeTextEditor) {
          this.refresh();
        }
      }),
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.editor?.document) {
          this.showRound();
          this.refresh();
        }
      }),
    ];
  }

  resolveWebviewView(view: WebviewView): void {
    const { files } = this.params;
    const { webview } = view;
    this.view = view;
    view.onDidChangeVisibility(() => {
      this.refresh();
    });
    view.onDidDispose(() => {
      // A view that was moved elsewhere is made anew before the old one goes.
      if (this.view === view) {
        this.view = undefined;
        this.refresh();
      }
    });
    webview.onDidReceiveMessage((message: FromPage) => this.hear(message));
    webview.options = { enableScripts: true, localResourceRoots: [files] };
    webview.html = panelHtml({
      nonce: randomBytes(16).toString("hex"),
      source: webview.cspSource,
      script: webview.asWebviewUri(Uri.joinPath(files, "panel.js")).toString(),
      style: webview.asWebviewUri(Uri.joinPath(files, "panel.css")).toString(),
    });
    this.refresh();
  }

  /** Looks again which place in which editor is the one to show, after a moment of rest. */
  refresh(): void {
    clearTimeout(this.timer);
    if (this.view?.visible === true) {
      this.timer = setTimeout(() => {
        this.follow();
      }, REST_MS);
    } else {
      this.tell(undefined, null);
    }
  }

  /** Takes note that servers came or went. Their states are no reason to ask them anything. */
  serversChanged(): void {
    if (this.editor !== undefined && this.params.serverOf(this.editor.document.uri) !== this.told) {
      this.refresh();
    }
  }

  /** What a server says of the panel's place. */
  roundChanged(server: PanelServer, round: Round): void {
    if (server === this.told && round.uri === this.editor?.document.uri.toString()) {
      this.round = round;
      this.showRound();
    }
  }

  /** What a server says of a search. */
  searchChanged(search: SearchTree): void {
    this.search = search;
    this.send({ kind: "search", search });
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const listener of this.listeners) {
      listener.dispose();
    }
  }

  private follow(): void {
    const editor = this.leanEditor();
    const server = editor && this.params.serverOf(editor.document.uri);
    if (editor?.document !== this.editor?.document || server === undefined) {
      this.round = undefined;
    }
    this.editor = editor;
    this.notice = editor === undefined ? NO_FILE : server === undefined ? NO_SERVER : "";
    this.showRound();
    if (editor === undefined || server === undefined) {
      this.tell(undefined, null);
      return;
    }
    const { document, selection } = editor;
    const { line, character } = selection.active;
    this.tell(server, { uri: document.uri.toString(), version: document.version, position: { line, character } });
  }

  /** The editor that is worked in; a list or a log that is clicked on does not change what the panel shows. */
  private leanEditor(): TextEditor | undefined {
    const active = window.activeTextEditor;
    if (active !== undefined && isLeanDocument(active.document)) {
      return active;
    }
    return window.visibleTextEditors.find(({ document }) => document === this.editor?.document);
  }

  private tell(server: PanelServer | undefined, place: unknown): void {
    if (this.told !== server) {
      this.told?.notify("leanSidekick/panelMoved", { place: null });
    }
    this.told = server;
    server?.notify("leanSidekick/panelMoved", { place });
  }

  private async hear(message: FromPage): Promise<void> {
    switch (message.kind) {
      case "ready":
        this.showRound();
        this.send({ kind: "search", search: this.search });
        break;
      case "take":
        await this.take(message.taken);
        break;
      case "leave":
        await this.enterEditor();
        break;
    }
  }

  private async take(taken: Taken): Promise<void> {
    const result = await this.params.run("leanSidekick.takeSuggestion", taken);
    const { applied, message } = (result ?? {}) as { applied?: boolean; message?: string };
    if (applied === true) {
      await this.enterEditor();
    } else if (message !== undefined && message !== "") {
      this.params.report(message);
    }
  }

  private async enterEditor(): Promise<void> {
    if (this.editor !== undefined) {
      const { document, viewColumn } = this.editor;
      await window.showTextDocument(document, { preserveFocus: false, ...(viewColumn && { viewColumn }) });
    }
  }

  private showRound(): void {
    const { round, notice } = this;
    const isStale = round !== undefined && round.version !== this.editor?.document.version;
    this.send({ kind: "round", round, isStale, notice });
  }

  private send(message: ToPage): void {
    void this.view?.webview.postMessage(message);
  }
}

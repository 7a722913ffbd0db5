/**
 * The editor that tests hold in their hands: what VS Code's API (see `vscode.ts`) reads from and writes to.
 *
 * It keeps documents, folders and settings, fires the events, and remembers what was shown. It decides nothing.
 */
import { EventEmitter as NodeEmitter, once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";

export class Disposable {
  constructor(private readonly callOnDispose: () => void) {}
  dispose(): void {
    this.callOnDispose();
  }
}

export class Event<T> {
  private readonly listeners = new Set<(value: T) => unknown>();
  readonly event = (listener: (value: T) => unknown, self?: unknown, disposables?: Disposable[]): Disposable => {
    const bound = (value: T): unknown => listener.call(self, value);
    this.listeners.add(bound);
    const disposable = new Disposable(() => this.listeners.delete(bound));
    disposables?.push(disposable);
    return disposable;
  };
  fire(value: T): void {
    for (const listener of [...this.listeners]) {
      listener(value);
    }
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Uri {
  private constructor(readonly href: string) {}
  static parse(text: string): Uri {
    return new Uri(text);
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.href.replace(/\/$/, ""), ...parts].join("/"));
  }
  static file(path: string): Uri {
    return new Uri(pathToFileURL(path).href);
  }
  get scheme(): string {
    return new URL(this.href).protocol.slice(0, -1);
  }
  get fsPath(): string {
    return fileURLToPath(this.href);
  }
  get path(): string {
    return new URL(this.href).pathname;
  }
  toString(): string {
    return this.href;
  }
}

export interface Document {
  readonly uri: Uri;
  readonly languageId: string;
  readonly version: number;
  getText(): string;
}

export interface Folder {
  readonly uri: Uri;
  readonly name: string;
  readonly index: number;
}

export interface Shown {
  readonly severity: "information" | "warning" | "error";
  readonly text: string;
  readonly choices: readonly string[];
}

export interface StatusItem {
  text: string;
  tooltip: string;
  command: string;
  name: string;
  backgroundColor: unknown;
  isVisible: boolean;
}

/** A view of the extension's own, as its provider sees it, with the page played by the test. */
export class WebviewView {
  readonly posted: unknown[] = [];
  readonly onDidDispose = new Event<undefined>();
  readonly onDidChangeVisibility = new Event<undefined>();
  readonly onDidReceiveMessage = new Event<unknown>();
  visible = true;
  html = "";
  options: unknown = undefined;

  /** What the API gives of it. */
  api(): unknown {
    const view = {
      onDidDispose: this.onDidDispose.event,
      onDidChangeVisibility: this.onDidChangeVisibility.event,
      webview: {
        cspSource: "https://files.example",
        onDidReceiveMessage: this.onDidReceiveMessage.event,
        asWebviewUri: (uri: Uri) => uri,
        postMessage: (message: unknown) => {
          this.posted.push(message);
          current.changed();
          return Promise.resolve(true);
        },
      },
    };
    Object.defineProperty(view, "visible", { get: () => this.visible });
    Object.defineProperty(view.webview, "html", { set: (html: string) => (this.html = html) });
    Object.defineProperty(view.webview, "options", { set: (options: unknown) => (this.options = options) });
    return view;
  }

  show(isVisible: boolean): void {
    this.visible = isVisible;
    this.onDidChangeVisibility.fire(undefined);
  }
}

export interface Progress {
  readonly title: string | undefined;
  readonly steps: string[];
  isOver: boolean;
  cancel: () => void;
}

export class Editor {
  documents: Document[] = [];
  folders: Folder[] = [];
  active: Document | undefined;
  cursor = { line: 0, character: 0 };
  isTrusted = true;
  /** What the user types into an input box; undefined closes it. */
  typed: string | undefined = undefined;
  /** Settings by their whole names; those of a folder under "folder URI|name". */
  settings = new Map<string, unknown>();

  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  /** Other extensions, by their whole names. */
  readonly extensions = new Map<string, { isActive: boolean; exports: unknown }>();
  /** Commands that were executed but belong to VS Code itself. */
  readonly builtIn: unknown[][] = [];
  readonly shown: Shown[] = [];
  readonly statusItems: StatusItem[] = [];
  readonly progresses: Progress[] = [];
  readonly log: string[] = [];
  /** The button that the user presses on a message; undefined closes it. */
  answer: (shown: Shown) => string | undefined | Promise<string | undefined> = () => undefined;

  readonly onDidChangeConfiguration = new Event<{ affectsConfiguration(section: string): boolean }>();
  readonly onDidChangeWorkspaceFolders = new Event<{ added: Folder[]; removed: Folder[] }>();
  readonly onDidGrantWorkspaceTrust = new Event<undefined>();
  readonly onDidOpenTextDocument = new Event<Document>();
  readonly onDidCloseTextDocument = new Event<Document>();
  readonly onDidChangeVisibleTextEditors = new Event<unknown[]>();
  readonly onDidChangeActiveTextEditor = new Event<unknown>();
  readonly onDidChangeTextEditorSelection = new Event<{ textEditor: unknown }>();
  readonly onDidChangeTextDocument = new Event<{ document: Document; contentChanges: readonly unknown[] }>();
  readonly viewProviders = new Map<string, { resolveWebviewView(view: unknown): void }>();
  /** How long `until` waits before it says that it waits in vain. */
  patienceMs = 20_000;
  private readonly changes = new NodeEmitter().setMaxListeners(100);

  open(path: string, text: string, languageId = "lean4"): Document {
    const document = { uri: Uri.file(path), languageId, version: 7, getText: () => text };
    this.documents.push(document);
    this.active = document;
    this.onDidOpenTextDocument.fire(document);
    this.onDidChangeVisibleTextEditors.fire([]);
    this.onDidChangeActiveTextEditor.fire(undefined);
    return document;
  }

  /** VS Code closes and opens the document, and says nothing of the editors that show it. */
  changeLanguage(document: Document, languageId: string): void {
    const changed = { ...document, languageId };
    this.documents = this.documents.map((each) => (each === document ? changed : each));
    this.active = this.active === document ? changed : this.active;
    this.onDidCloseTextDocument.fire(document);
    this.onDidOpenTextDocument.fire(changed);
  }

  show(document: Document): void {
    this.active = document;
    this.onDidChangeActiveTextEditor.fire(undefined);
  }

  addFolder(path: string): Folder {
    const folder = { uri: Uri.file(path), name: path, index: this.folders.length };
    this.folders.push(folder);
    this.onDidChangeWorkspaceFolders.fire({ added: [folder], removed: [] });
    return folder;
  }

  removeFolder(folder: Folder): void {
    this.folders = this.folders.filter((each) => each !== folder);
    this.onDidChangeWorkspaceFolders.fire({ added: [], removed: [folder] });
  }

  set(name: string, value: unknown): void {
    this.settings.set(name, value);
    this.onDidChangeConfiguration.fire({
      affectsConfiguration: (section) => name === section || name.startsWith(`${section}.`),
    });
  }

  folderOf(uri: Uri): Folder | undefined {
    const inside = this.folders.filter((folder) => uri.href.startsWith(`${folder.uri.href}/`));
    return inside.sort((a, b) => b.uri.href.length - a.uri.href.length)[0];
  }

  /** Tells those who wait in `until` that something has changed. */
  changed(): void {
    this.changes.emit("change");
  }

  /** Resolves with the first value that is there; tests wait for what happens and never for a time. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const signal = AbortSignal.timeout(this.patienceMs);
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) {
        return found;
      }
      try {
        await once(this.changes, "change", { signal });
      } catch {
        throw new Error(`never: ${what}\nshown: ${JSON.stringify(this.shown)}\nlog:\n${this.log.join("\n")}`);
      }
    }
  }
}

let current = new Editor();

/** The editor of the test that runs now. */
export function editor(): Editor {
  return current;
}

/** A fresh editor, as after a start of VS Code. */
export function newEditor(): Editor {
  current = new Editor();
  return current;
}

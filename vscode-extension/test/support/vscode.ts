/**
 * The module `vscode` of the tests: the part of the API that the extension and its client library use, on top of the
 * editor in `editor.ts`. A name that is missing here is a class that does nothing, because the library extends many.
 */
import { Disposable, editor, Event, Uri, type Document, type Progress, type Shown, type StatusItem } from "./editor";

type Severity = Shown["severity"];

class CancellationTokenSource {
  private readonly cancelled = new Event<undefined>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.cancelled.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.cancelled.fire(undefined);
  }
  dispose(): void {
    this.cancelled.dispose();
  }
}

class CodeActionKind {
  static readonly Empty = new CodeActionKind("");
  static readonly QuickFix = new CodeActionKind("quickfix");
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value === "" ? part : `${this.value}.${part}`);
  }
}

class ThemeColor {
  constructor(readonly id: string) {}
}

const textEditors = new WeakMap<Document, unknown>();

/** The editor of a document, the same one each time. */
function textEditor(document: Document): unknown {
  const known = textEditors.get(document) ?? { document, viewColumn: 1 };
  textEditors.set(document, known);
  return Object.assign(known, { selection: { active: editor().cursor } });
}

async function showMessage(severity: Severity, text: string, choices: string[]): Promise<string | undefined> {
  const shown = { severity, text, choices };
  editor().shown.push(shown);
  editor().changed();
  return editor().answer(shown);
}

function createOutputChannel(name: string): unknown {
  const write =
    (level: string) =>
    (text: string): void => {
      editor().log.push(`${level}: ${text}`);
      editor().changed();
    };
  return {
    name,
    logLevel: 3,
    onDidChangeLogLevel: new Event<number>().event,
    trace: write("trace"),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    appendLine: write("line"),
    show: () => {
      editor().builtIn.push(["show log"]);
    },
    dispose: () => undefined,
  };
}

function createStatusBarItem(): unknown {
  const state: StatusItem = {
    text: "",
    tooltip: "",
    command: "",
    name: "",
    backgroundColor: undefined,
    isVisible: false,
  };
  editor().statusItems.push(state);
  const setVisible = (isVisible: boolean) => (): void => {
    state.isVisible = isVisible;
    editor().changed();
  };
  return Object.assign(state, { show: setVisible(true), hide: setVisible(false), dispose: setVisible(false) });
}

async function withProgress(
  options: { title?: string },
  work: (progress: { report(step: { message?: string }): void }, token: unknown) => Promise<unknown>,
): Promise<unknown> {
  const source = new CancellationTokenSource();
  const progress: Progress = {
    title: options.title,
    steps: [],
    isOver: false,
    cancel: () => {
      source.cancel();
    },
  };
  editor().progresses.push(progress);
  editor().changed();
  try {
    return await work(
      {
        report: ({ message }) => {
          progress.steps.push(message ?? "");
          editor().changed();
        },
      },
      source.token,
    );
  } finally {
    progress.isOver = true;
    editor().changed();
  }
}

function uriOf(scope: Uri | { uri: Uri }): Uri {
  return "uri" in scope ? scope.uri : scope;
}

function getConfiguration(section?: string, scope?: Uri | { uri: Uri }): unknown {
  const { settings } = editor();
  const value = (name: string): unknown => {
    const own = scope === undefined ? undefined : settings.get(`${uriOf(scope).href}|${name}`);
    return own ?? settings.get(name);
  };
  const nested = (prefix: string): unknown => {
    const tree: Record<string, unknown> = {};
    for (const name of [...settings.keys()].map((key) => key.split("|").at(-1) ?? "")) {
      if (name.startsWith(`${prefix}.`)) {
        const parts = name.slice(prefix.length + 1).split(".");
        const last = parts.pop() ?? "";
        let branch = tree;
        for (const part of parts) {
          branch = (branch[part] ??= {}) as Record<string, unknown>;
        }
        branch[last] = value(name);
      }
    }
    return Object.keys(tree).length === 0 ? undefined : tree;
  };
  return {
    get: (name: string, otherwise?: unknown) => {
      const whole = section === undefined ? name : `${section}.${name}`;
      return value(whole) ?? nested(whole) ?? otherwise;
    },
    has: (name: string) => value(section === undefined ? name : `${section}.${name}`) !== undefined,
  };
}

const api = {
  // Keeps bundlers' interop code from copying the names it can see, which are not all.
  __esModule: true,
  version: "1.91.0",
  Disposable,
  EventEmitter: Event,
  Uri,
  CancellationTokenSource,
  CodeActionKind,
  ThemeColor,
  LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
  ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
  StatusBarAlignment: { Left: 1, Right: 2 },
  extensions: { getExtension: (id: string) => editor().extensions.get(id) },
  env: { appName: "test editor", language: "en" },
  commands: {
    registerCommand: (name: string, run: (...args: unknown[]) => unknown) => {
      if (editor().commands.has(name)) {
        throw new Error(`command '${name}' already exists`);
      }
      editor().commands.set(name, run);
      return new Disposable(() => editor().commands.delete(name));
    },
    executeCommand: (name: string, ...args: unknown[]) => {
      const run = editor().commands.get(name);
      if (run === undefined) {
        editor().builtIn.push([name, ...args]);
        editor().changed();
        return Promise.resolve(undefined);
      }
      return Promise.resolve(run(...args));
    },
  },
  window: {
    createOutputChannel,
    createStatusBarItem,
    withProgress,
    tabGroups: { all: [], onDidChangeTabs: new Event().event },
    get activeTextEditor() {
      const { active } = editor();
      return active === undefined ? undefined : textEditor(active);
    },
    get visibleTextEditors() {
      return editor().documents.map(textEditor);
    },
    get onDidChangeVisibleTextEditors() {
      return editor().onDidChangeVisibleTextEditors.event;
    },
    get onDidChangeActiveTextEditor() {
      return editor().onDidChangeActiveTextEditor.event;
    },
    get onDidChangeTextEditorSelection() {
      return editor().onDidChangeTextEditorSelection.event;
    },
    registerWebviewViewProvider: (id: string, provider: { resolveWebviewView(view: unknown): void }) => {
      editor().viewProviders.set(id, provider);
      return new Disposable(() => editor().viewProviders.delete(id));
    },
    showTextDocument: (document: Document) => {
      editor().builtIn.push(["showTextDocument", document.uri.toString()]);
      editor().changed();
      return Promise.resolve(textEditor(document));
    },
    showInputBox: (options: { password?: boolean }) => {
      editor().builtIn.push(["input", options.password]);
      return Promise.resolve(editor().typed);
    },
    showInformationMessage: (text: string, ...choices: string[]) => showMessage("information", text, choices),
    showWarningMessage: (text: string, ...choices: string[]) => showMessage("warning", text, choices),
    showErrorMessage: (text: string, ...choices: string[]) => showMessage("error", text, choices),
  },
  workspace: fallback({
    getConfiguration,
    getWorkspaceFolder: (uri: Uri) => editor().folderOf(uri),
    notebookDocuments: [],
    get isTrusted() {
      return editor().isTrusted;
    },
    get textDocuments() {
      return editor().documents;
    },
    get workspaceFolders() {
      return editor().folders.length === 0 ? undefined : editor().folders;
    },
    get onDidChangeConfiguration() {
      return editor().onDidChangeConfiguration.event;
    },
    get onDidChangeWorkspaceFolders() {
      return editor().onDidChangeWorkspaceFolders.event;
    },
    get onDidGrantWorkspaceTrust() {
      return editor().onDidGrantWorkspaceTrust.event;
    },
    get onDidOpenTextDocument() {
      return editor().onDidOpenTextDocument.event;
    },
    get onDidChangeTextDocument() {
      return editor().onDidChangeTextDocument.event;
    },
    get onDidCloseTextDocument() {
      return editor().onDidCloseTextDocument.event;
    },
  }),
  languages: fallback({
    match: (selector: { language?: string; scheme?: string }[], document: Document) =>
      selector.some(({ language, scheme }) => language === document.languageId && scheme === document.uri.scheme)
        ? 10
        : 0,
  }),
};

/** An object whose unknown members are events and registrations that never do anything. */
function fallback(known: object): object {
  return new Proxy(known, {
    get: (target, name) =>
      name in target ? (Reflect.get(target, name) as unknown) : () => new Disposable(() => undefined),
  });
}

const unknown = new Map<string | symbol, unknown>();

module.exports = new Proxy(api, {
  get: (target, name) => {
    if (name in target || typeof name === "symbol") {
      return Reflect.get(target, name) as unknown;
    }
    if (!unknown.has(name)) {
      unknown.set(name, class Missing extends Object {});
    }
    return unknown.get(name);
  },
});

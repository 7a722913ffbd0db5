/** Where VS Code enters: puts the parts together and tells them what happens in the editor. */
import { homedir } from "node:os";
import * as path from "node:path";
import { commands, Uri, version, window, workspace, type ExtensionContext } from "vscode";
import { clientOptions } from "./clientOptions";
import { commandProgress } from "./commandProgress";
import { CommandRouter } from "./commandRouter";
import { registerCommands } from "./commands";
import { changesServer, sectionSettings, serverPath, serverPython } from "./config";
import { editorHost } from "./environment/editorHost";
import { Environment } from "./environment/environment";
import { EnvironmentStore } from "./environment/environmentStore";
import { isLeanDocument } from "./leanDocument";
import { setModelKey, withModelKey } from "./modelKey";
import { ownerOf, type Owner } from "./owner";
import { LogTail } from "./logTail";
import { Ownership } from "./ownership";
import { Panel } from "./panel/panel";
import { problemReport } from "./problemReport";
import { report } from "./report";
import { runProcess } from "./runProcess";
import { namedServer, ownServer, type ServerCommand } from "./serverCommand";
import { Sidecar } from "./sidecar";
import { SidecarPool } from "./sidecarPool";
import { StatusBar } from "./statusBar";

/** So long a command waits for a server that is being started. */
const START_LIMIT_MS = 10_000;

let shutDown: (() => Promise<void>) | undefined;

export function activate(context: ExtensionContext): void {
  const { env, platform } = process;
  const channel = window.createOutputChannel("Lean Sidekick", { log: true });
  const log = new LogTail(channel);
  const extensionVersion = String((context.extension.packageJSON as { version: unknown }).version);
  const statusBar = new StatusBar(() => activeOwner()?.key);
  const environment = new Environment({
    store: new EnvironmentStore(path.join(context.globalStorageUri.fsPath, "environments")),
    wheelFolder: context.asAbsolutePath(path.join("dist", "wheel")),
    extensionVersion,
    platform,
    run: runProcess,
    host: editorHost,
    log,
  });
  const find = async ({ folder }: Owner): Promise<ServerCommand | undefined> => {
    const named = serverPath(folder);
    if (named !== "") {
      return namedServer(named, { platform, env, home: homedir() });
    }
    const answer = await environment.get(serverPython());
    return answer.kind === "ready" ? ownServer(answer.executable, env) : undefined;
  };
  const resolve = async (owner: Owner): Promise<ServerCommand | undefined> => {
    const command = await find(owner);
    return command === undefined ? undefined : withModelKey(command, context.secrets);
  };
  const router: CommandRouter = new CommandRouter({
    register: (command, run) => context.subscriptions.push(commands.registerCommand(command, run)),
    activeUri: () => window.activeTextEditor?.document.uri.toString(),
    targetOf: (uri) => pool.whenRunning(ownerOf(Uri.parse(uri)).key, START_LIMIT_MS),
    withProgress: commandProgress,
    report: (problem) => {
      report(problem, "Show Log");
    },
  });
  const pool = new SidecarPool<Sidecar>({
    isTrusted: () => workspace.isTrusted,
    resolve,
    create: ({ key, folder }, command, events) =>
      new Sidecar({
        command,
        folder: folder?.uri,
        options: clientOptions({
          folder,
          log: channel,
          owns: (uri) => ownerOf(Uri.parse(uri)).key === key,
          settings: () => sectionSettings(folder),
          isTrusted: () => workspace.isTrusted,
        }),
        log,
        offerCommand: router.offer,
        onPanel: (said) => {
          if (said.kind === "round") {
            panel.roundChanged(said.from, said.round);
          } else {
            panel.searchChanged(said.search);
          }
        },
        ...events,
      }),
    onStatus: (key, status) => {
      statusBar.set(key, status);
      panel.serversChanged();
    },
    report: (problem) => {
      report(problem, "Open Settings", "Show Log");
    },
    log,
    now: Date.now,
  });
  const panel: Panel = new Panel({
    files: Uri.joinPath(context.extensionUri, "dist"),
    serverOf: (uri) => pool.running(ownerOf(uri).key),
    run: (command, argument) => router.run(command, [argument]),
    report: (problem) => {
      report(problem);
    },
  });
  const ownership = new Ownership(pool);
  const refresh = (): void => {
    ownership.refresh();
    statusBar.refresh();
    panel.refresh();
  };

  context.subscriptions.push(
    channel,
    statusBar,
    panel,
    ...registerCommands({
      pool,
      router,
      environment,
      statusBar,
      showLog: () => {
        channel.show(true);
      },
      setModelKey: async () => {
        if (await setModelKey(context.secrets)) {
          pool.restart("the key for the model server is another one");
        }
      },
      reportProblem: async () => {
        const owner = activeOwner();
        const text = await problemReport({
          versions: {
            "Lean Sidekick": extensionVersion,
            "VS Code": version,
            system: `${platform} ${process.arch}, Node ${process.versions.node}`,
          },
          server: owner === undefined ? undefined : await find(owner).catch(() => undefined),
          status: statusBar.describe(),
          run: runProcess,
          lines: log.last,
        });
        await window.showTextDocument(await workspace.openTextDocument({ content: text, language: "markdown" }));
      },
    }),
    window.onDidChangeVisibleTextEditors(refresh),
    window.onDidChangeActiveTextEditor(refresh),
    // Also when a document that is on the screen already gets another language.
    workspace.onDidOpenTextDocument(refresh),
    workspace.onDidChangeWorkspaceFolders(refresh),
    workspace.onDidGrantWorkspaceTrust(() => {
      pool.restart("the folder is trusted now");
    }),
    workspace.onDidChangeConfiguration((event) => {
      if (changesServer(event)) {
        pool.restart("the settings name another program");
      }
    }),
  );
  refresh();
  shutDown = async () => {
    await Promise.all([environment.close(), pool.close()]);
  };
}

/** Resolves when every process that the extension started is gone. */
export async function deactivate(): Promise<void> {
  await shutDown?.();
  shutDown = undefined;
}

function activeOwner(): Owner | undefined {
  const document = window.activeTextEditor?.document;
  return document !== undefined && isLeanDocument(document) ? ownerOf(document.uri) : undefined;
}

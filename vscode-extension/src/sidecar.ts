/** One running server with its client. Started once, stopped once; a restart is a new one. */
import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import type { CancellationToken, Uri } from "vscode";
import {
  State as ClientState,
  ExecuteCommandRequest,
  WorkDoneProgress,
  type LanguageClientOptions,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { goalsAt, type GoalsAt } from "./leanExtension";
import type { Log } from "./log";
import type { Round, SearchTree } from "./panel/messages";
import { Problem } from "./problem";
import type { ServerCommand } from "./serverCommand";
import { ServerProcess } from "./serverProcess";
import { readStatus, type ServerStatus } from "./serverStatus";
import { SidecarClient } from "./sidecarClient";

export interface SidecarParams {
  readonly command: ServerCommand;
  readonly folder: Uri | undefined;
  readonly options: LanguageClientOptions;
  readonly log: Log;
  readonly offerCommand: (command: string) => void;
  readonly onStatus: (status: ServerStatus) => void;
  /** What the server says of the panel. */
  readonly onPanel: (said: PanelSaid) => void;
  /** Called at most once, when the server is gone without `stop`; `how` says in words how it went. */
  readonly onLost: (how: string) => void;
}

/** The server's notifications for the panel, with who sent them. */
export type PanelSaid =
  | { readonly kind: "round"; readonly from: Sidecar; readonly round: Round }
  | { readonly kind: "search"; readonly search: SearchTree };

export type WorkProgress = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

const START_MS = 30_000;

export class Sidecar {
  private readonly client: SidecarClient;
  private server: ServerProcess | undefined;
  private phase: "starting" | "running" | "over" = "starting";
  private stopping: Promise<void> | undefined;
  private tokens = 0;

  constructor(private readonly params: SidecarParams) {
    const { options, offerCommand, onStatus } = params;
    this.client = new SidecarClient(() => this.connect(), options, offerCommand);
    this.client.onNotification("leanSidekick/statusChanged", (raw: unknown) => {
      const status = readStatus(raw);
      if (status !== undefined) {
        onStatus(status);
      }
    });
    this.client.onNotification("leanSidekick/panelChanged", (round: Round) => {
      params.onPanel({ kind: "round", from: this, round });
    });
    this.client.onNotification("leanSidekick/searchTreeChanged", (search: SearchTree) => {
      params.onPanel({ kind: "search", search });
    });
    this.client.onRequest("leanSidekick/goalsAt", async (asked: GoalsAt, token: CancellationToken) => ({
      goals: await goalsAt(asked, token),
    }));
    this.client.onDidChangeState(({ newState }) => {
      if (newState === ClientState.Stopped && this.phase === "running") {
        void this.lose();
      }
    });
  }

  /** Resolves when the server has answered; throws a `Problem` that names the program, and leaves nothing running. */
  async start(): Promise<void> {
    const { executable } = this.params.command;
    let limit: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      limit = setTimeout(() => {
        reject(new Problem(`${executable} has not answered for ${START_MS / 1000} seconds.`));
      }, START_MS);
    });
    try {
      await Promise.race([this.client.start(), tooLong]);
      this.phase = "running";
    } catch (error) {
      this.phase = "over";
      await this.server?.settle();
      const end = this.server?.end;
      await this.server?.stop();
      if (error instanceof Problem) {
        throw error;
      }
      const why = end === undefined ? `it answered "${(error as Error).message}"` : `it ${end}`;
      throw new Problem(`${executable} did not start: ${why}.`);
    } finally {
      clearTimeout(limit);
    }
  }

  /** Ends client and server; resolves when the process is gone. Never fails, may be called again. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  /** Runs one of the server's commands; `onProgress` hears what it says on the way, the token cancels it. */
  async execute(
    command: string,
    args: readonly unknown[],
    onProgress: (progress: WorkProgress) => void,
    token: CancellationToken,
  ): Promise<unknown> {
    const workDoneToken = `leanSidekick-command-${++this.tokens}`;
    const listening = this.client.onProgress(WorkDoneProgress.type, workDoneToken, onProgress);
    try {
      return await this.client.sendRequest(
        ExecuteCommandRequest.type,
        { command, arguments: [...args], workDoneToken },
        token,
      );
    } finally {
      listening.dispose();
    }
  }

  /** Tells the server something; a server that is gone need not hear it. */
  notify(method: string, params: unknown): void {
    void this.client.sendNotification(method, params).catch(() => undefined);
  }

  private async connect(): Promise<{ reader: NodeJS.ReadableStream; writer: NodeJS.WritableStream; detached: true }> {
    const { command, folder, log } = this.params;
    this.server = await ServerProcess.start(command, await workingFolder(folder), log);
    // "Detached" tells the library that ending the process is our business.
    return { reader: this.server.reader, writer: this.server.writer, detached: true };
  }

  private async end(): Promise<void> {
    this.phase = "over";
    if (this.client.needsStop()) {
      await this.client.stop().catch(() => undefined);
    }
    await this.server?.stop();
  }

  private async lose(): Promise<void> {
    this.phase = "over";
    await this.server?.settle();
    const how = this.server?.end ?? "closed its connection";
    await this.server?.stop();
    this.params.onLost(how);
  }
}

/** The project's folder; for files outside all folders, and for a folder that was deleted, the home folder. */
async function workingFolder(folder: Uri | undefined): Promise<string> {
  const isThere = folder !== undefined && (await fs.stat(folder.fsPath).catch(() => undefined))?.isDirectory() === true;
  return isThere ? folder.fsPath : homedir();
}

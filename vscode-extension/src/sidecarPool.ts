/**
 * All servers of a window: one an owner, started when first needed, started again when they die, given up when they
 * keep dying, and started anew by command or when the settings name another program.
 *
 * What happens to one owner happens in order. A restart does not wait for a start that hangs (an unanswered question,
 * a download): it takes its place.
 */
import { CrashCounter } from "./crashCounter";
import type { Log } from "./log";
import type { Owner } from "./owner";
import { Problem } from "./problem";
import type { ServerCommand } from "./serverCommand";
import type { ServerStatus } from "./serverStatus";

/** What the pool needs of a server. */
export interface PooledSidecar {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SidecarEvents {
  readonly onStatus: (status: ServerStatus) => void;
  readonly onLost: (how: string) => void;
}

export interface SidecarPoolParams<S extends PooledSidecar> {
  readonly isTrusted: () => boolean;
  /** Which program to start for an owner; undefined if the user does not want one now. */
  readonly resolve: (owner: Owner) => Promise<ServerCommand | undefined>;
  readonly create: (owner: Owner, command: ServerCommand, events: SidecarEvents) => S;
  readonly onStatus: (key: string, status: ServerStatus | undefined) => void;
  /** Tells the user that something does not work, with ways out. */
  readonly report: (problem: string) => void;
  readonly log: Log;
  readonly now: () => number;
}

interface Entry<S> {
  readonly owner: Owner;
  /** Aborted when this start, or the server that came of it, is to go. */
  turn: AbortController;
  sidecar: S | undefined;
  isRunning: boolean;
  crashes: CrashCounter;
  /** The end of everything that was asked for so far. */
  last: Promise<void>;
}

export class SidecarPool<S extends PooledSidecar> {
  private readonly entries = new Map<string, Entry<S>>();
  /** The ends of the servers whose owners are forgotten already. */
  private readonly leaving = new Set<Promise<void>>();
  private isClosed = false;

  constructor(private readonly params: SidecarPoolParams<S>) {}

  /** Starts the owner's server unless that was already tried; what came of a try stays until a restart. */
  ensure(owner: Owner): void {
    if (this.isClosed || this.entries.has(owner.key)) {
      return;
    }
    const entry: Entry<S> = {
      owner,
      turn: new AbortController(),
      sidecar: undefined,
      isRunning: false,
      crashes: new CrashCounter(),
      last: Promise.resolve(),
    };
    this.entries.set(owner.key, entry);
    this.enqueue(entry, (turn) => this.start(entry, turn));
  }

  /** Everyone who has a server, or had a try at one. */
  owners(): Owner[] {
    return [...this.entries.values()].map(({ owner }) => owner);
  }

  /** The owner's server, if it is there and has answered. */
  running(key: string): S | undefined {
    const entry = this.entries.get(key);
    return entry?.isRunning === true ? entry.sidecar : undefined;
  }

  /** The same, but one that is being started is waited for, so long at most. */
  async whenRunning(key: string, limitMs: number): Promise<S | undefined> {
    const end = new AbortController();
    const timer = setTimeout(() => {
      end.abort();
    }, limitMs);
    try {
      for (let entry = this.entries.get(key); entry !== undefined && !entry.isRunning; entry = this.entries.get(key)) {
        const { last } = entry;
        await unlessAborted(last, end.signal);
        if (entry.last === last) {
          break;
        }
      }
    } catch {
      // It takes longer.
    } finally {
      clearTimeout(timer);
    }
    return this.running(key);
  }

  /** Stops and starts the servers of some owners, those too that were given up or never started. */
  restart(cause: string, keys: Iterable<string> = [...this.entries.keys()]): void {
    for (const key of keys) {
      const entry = this.entries.get(key);
      if (entry !== undefined && !this.isClosed) {
        this.params.log.info(`Restarting the server for ${key}: ${cause}.`);
        entry.crashes = new CrashCounter();
        this.newTurn(entry, (turn) => this.start(entry, turn));
      }
    }
  }

  /** Stops the owner's server and forgets the owner. */
  remove(key: string): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      this.entries.delete(key);
      this.newTurn(entry, () => Promise.resolve());
      const end = entry.last.finally(() => this.leaving.delete(end));
      this.leaving.add(end);
      this.params.onStatus(key, undefined);
    }
  }

  /** Stops everything; resolves when all processes are gone. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const key of [...this.entries.keys()]) {
      this.remove(key);
    }
    await Promise.all(this.leaving);
  }

  /** Resolves when all that was asked for so far has come to its end. */
  async idle(): Promise<void> {
    await Promise.all([...this.entries.values()].map((entry) => entry.last));
  }

  private newTurn(entry: Entry<S>, work: (turn: AbortSignal) => Promise<void>): void {
    entry.turn.abort();
    entry.turn = new AbortController();
    entry.isRunning = false;
    this.enqueue(entry, async (turn) => {
      await entry.sidecar?.stop();
      entry.sidecar = undefined;
      await work(turn);
    });
  }

  private enqueue(entry: Entry<S>, work: (turn: AbortSignal) => Promise<void>): void {
    const turn = entry.turn.signal;
    entry.last = entry.last
      .then(() => work(turn))
      .catch((error: unknown) => {
        if (!turn.aborted) {
          this.giveUp(entry, error);
        }
      });
  }

  private async start(entry: Entry<S>, turn: AbortSignal): Promise<void> {
    const { owner } = entry;
    const { isTrusted, resolve, create, onStatus, log } = this.params;
    if (turn.aborted) {
      return;
    }
    const show = (status: ServerStatus): void => {
      if (!turn.aborted) {
        onStatus(owner.key, status);
      }
    };
    if (!isTrusted()) {
      show({ state: "untrusted", message: "" });
      return;
    }
    show({ state: "starting", message: "" });
    const command = await unlessAborted(resolve(owner), turn);
    if (command === undefined) {
      show({ state: "notSetUp", message: "" });
      return;
    }
    // The server may report its state before it counts as started, and knows better.
    let latest: ServerStatus = { state: "ready", message: "" };
    const sidecar = create(owner, command, {
      onStatus: (status) => {
        latest = status;
        show(status);
      },
      onLost: (how) => {
        if (!turn.aborted) {
          this.lost(entry, command, how);
        }
      },
    });
    entry.sidecar = sidecar;
    turn.addEventListener("abort", () => void sidecar.stop(), { once: true });
    await sidecar.start();
    turn.throwIfAborted();
    entry.isRunning = true;
    log.info(`The server for ${owner.key} runs: ${command.executable}`);
    show(latest);
  }

  private lost(entry: Entry<S>, command: ServerCommand, how: string): void {
    const { log, now } = this.params;
    const what = `${command.executable} ${how}`;
    if (entry.crashes.mayRestart(now())) {
      log.warn(`${what}; it is started again.`);
      this.newTurn(entry, (turn) => this.start(entry, turn));
    } else {
      this.newTurn(entry, () => Promise.resolve());
      this.giveUp(entry, new Problem(`Lean Sidekick keeps stopping, so it is not started again: ${what}.`));
    }
  }

  private giveUp(entry: Entry<S>, error: unknown): void {
    const { onStatus, report, log } = this.params;
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Problem)) {
      log.error(error instanceof Error ? (error.stack ?? message) : message);
    }
    entry.isRunning = false;
    onStatus(entry.owner.key, { state: "stopped", message });
    report(message);
  }
}

/** The promise's value, or an error as soon as the signal is aborted. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(new Problem("Another start has taken the place of this one."));
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

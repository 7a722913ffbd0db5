/** The order of starts and stops when several things are asked for at once, with servers that do nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CrashCounter } from "../src/crashCounter";
import type { Owner } from "../src/owner";
import { Problem } from "../src/problem";
import type { ServerCommand } from "../src/serverCommand";
import { SidecarPool, type PooledSidecar, type SidecarEvents } from "../src/sidecarPool";

const owner: Owner = { key: "proj", folder: undefined };
const command: ServerCommand = { executable: "/bin/sidekick", args: ["serve"], env: {} };

class FakeSidecar implements PooledSidecar {
  constructor(
    readonly id: number,
    readonly events: SidecarEvents,
    private readonly happened: string[],
  ) {}
  start(): Promise<void> {
    this.happened.push(`start ${this.id}`);
    return Promise.resolve();
  }
  stop(): Promise<void> {
    this.happened.push(`stop ${this.id}`);
    return Promise.resolve();
  }
}

class World {
  readonly happened: string[] = [];
  readonly statuses: string[] = [];
  readonly problems: string[] = [];
  readonly sidecars: FakeSidecar[] = [];
  isTrusted = true;
  now = 0;
  resolve: () => Promise<ServerCommand | undefined> = () => Promise.resolve(command);

  readonly pool = new SidecarPool<FakeSidecar>({
    isTrusted: () => this.isTrusted,
    resolve: () => this.resolve(),
    create: (_owner, _command, events) => {
      const sidecar = new FakeSidecar(this.sidecars.length + 1, events, this.happened);
      this.sidecars.push(sidecar);
      return sidecar;
    },
    onStatus: (_key, status) => this.statuses.push(status?.state ?? "forgotten"),
    report: (problem) => this.problems.push(problem),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    now: () => this.now,
  });

  /** The server that was started last dies. */
  async dies(): Promise<void> {
    this.sidecars.at(-1)?.events.onLost("ended with exit code 1");
    await this.pool.idle();
  }
}

/** A promise that a test settles. */
function pending<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe("SidecarPool", () => {
  it("starts an owner's server once, however often it is asked to", async () => {
    const world = new World();
    world.pool.ensure(owner);
    world.pool.ensure(owner);
    await world.pool.idle();
    world.pool.ensure(owner);
    await world.pool.idle();
    assert.deepEqual(world.happened, ["start 1"]);
    assert.deepEqual(world.statuses, ["starting", "ready"]);
    assert.equal(world.pool.running("proj"), world.sidecars[0]);
  });

  it("stops the old server before it starts the new one", async () => {
    const world = new World();
    world.pool.ensure(owner);
    await world.pool.idle();
    world.pool.restart("test");
    await world.pool.idle();
    // Twice: once at once, and once in its turn, to wait for the end.
    assert.deepEqual(world.happened, ["start 1", "stop 1", "stop 1", "start 2"]);
  });

  it("has a command wait for a server that is being started", async () => {
    const world = new World();
    const question = pending<ServerCommand | undefined>();
    world.resolve = () => question.promise;
    world.pool.ensure(owner);
    const waiting = world.pool.whenRunning("proj", 20_000);
    assert.equal(await world.pool.whenRunning("proj", 0), undefined, "within its limit");
    assert.equal(await world.pool.whenRunning("nobody", 20_000), undefined, "where nothing is started, not at all");
    question.resolve(command);
    assert.equal(await waiting, world.sidecars[0]);
  });

  it("has a command wait for the restart that takes the place of a start, and not for what will not come", async () => {
    const world = new World();
    world.resolve = () => new Promise(() => undefined);
    world.pool.ensure(owner);
    const waiting = world.pool.whenRunning("proj", 20_000);
    await Promise.resolve();
    world.resolve = () => Promise.resolve(command);
    world.pool.restart("the user has named a program instead");
    assert.equal(await waiting, world.sidecars[0]);
    world.resolve = () => Promise.resolve(undefined);
    world.pool.restart("the user does not want one now");
    assert.equal(await world.pool.whenRunning("proj", 20_000), undefined);
  });

  it("lets a restart take the place of a start that waits for an answer", async () => {
    const world = new World();
    const question = pending<ServerCommand | undefined>();
    world.resolve = () => question.promise;
    world.pool.ensure(owner);
    await Promise.resolve();
    world.resolve = () => Promise.resolve(command);
    world.pool.restart("the user has named a program instead");
    await world.pool.idle();
    assert.deepEqual(world.happened, ["start 1"]);
    question.resolve(command);
    await world.pool.idle();
    assert.deepEqual(world.happened, ["start 1"], "the late answer starts no second server");
    assert.deepEqual(world.problems, []);
  });

  it("shows a no as not set up, and says nothing", async () => {
    const world = new World();
    world.resolve = () => Promise.resolve(undefined);
    world.pool.ensure(owner);
    await world.pool.idle();
    assert.deepEqual(world.statuses, ["starting", "notSetUp"]);
    assert.deepEqual(world.problems, []);
    assert.equal(world.pool.running("proj"), undefined);
  });

  it("reports why there is nothing to start", async () => {
    const world = new World();
    world.resolve = () => Promise.reject(new Problem("There is no Python."));
    world.pool.ensure(owner);
    await world.pool.idle();
    assert.deepEqual(world.problems, ["There is no Python."]);
    assert.deepEqual(world.statuses, ["starting", "stopped"]);
  });

  it("gives a server up at its fifth death within three minutes, and not sooner", async () => {
    const world = new World();
    world.pool.ensure(owner);
    await world.pool.idle();
    for (let death = 1; death <= 5; death++) {
      world.now += 40_000;
      assert.deepEqual(world.problems, []);
      await world.dies();
    }
    assert.equal(world.sidecars.length, 5);
    assert.match(world.problems[0] ?? "", /keeps stopping.*\/bin\/sidekick ended with exit code 1/);
    assert.equal(world.statuses.at(-1), "stopped");
    world.pool.ensure(owner);
    await world.pool.idle();
    assert.equal(world.sidecars.length, 5, "another document does not start it again");
    world.pool.restart("by command");
    await world.pool.idle();
    assert.equal(world.sidecars.length, 6);
    await world.dies();
    assert.equal(world.sidecars.length, 7, "the count begins anew");
  });

  it("starts a server again that dies now and then, for ever", async () => {
    const world = new World();
    world.pool.ensure(owner);
    await world.pool.idle();
    for (let death = 1; death <= 12; death++) {
      world.now += 50_000;
      await world.dies();
    }
    assert.deepEqual(world.problems, []);
    assert.equal(world.sidecars.length, 13);
  });

  it("does not listen to a server that it has stopped", async () => {
    const world = new World();
    world.pool.ensure(owner);
    await world.pool.idle();
    world.pool.remove("proj");
    await world.pool.close();
    const before = [...world.statuses];
    world.sidecars[0]?.events.onStatus({ state: "error", message: "late" });
    world.sidecars[0]?.events.onLost("ended");
    assert.deepEqual(world.statuses, before);
    assert.deepEqual(world.problems, []);
    assert.equal(before.at(-1), "forgotten");
  });

  it("starts nothing once it is closed, not even what waited for an answer", async () => {
    const world = new World();
    const question = pending<ServerCommand | undefined>();
    world.resolve = () => question.promise;
    world.pool.ensure(owner);
    await Promise.resolve();
    await world.pool.close();
    question.resolve(command);
    world.pool.ensure({ key: "other", folder: undefined });
    await world.pool.idle();
    assert.deepEqual(world.happened, []);
  });
});

describe("CrashCounter", () => {
  it("forgets deaths that are long ago", () => {
    const counter = new CrashCounter(1, 1000);
    assert.equal(counter.mayRestart(0), true);
    assert.equal(counter.mayRestart(1000), false);
    assert.equal(counter.mayRestart(3000), true);
  });
});

/**
 * The environment with a fake process runner on real folders: what is asked, what is run, what is left behind.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { downloads } from "../../src/environment/downloads";
import { Environment, type EnvironmentHost } from "../../src/environment/environment";
import { EnvironmentStore } from "../../src/environment/environmentStore";
import { venvPaths } from "../../src/environment/venvPaths";
import { Problem } from "../../src/problem";
import type { ProcessEnd, ProcessRequest } from "../../src/runProcess";
import { exited, FakeRun, notFound, pythonSays } from "../support/fakeRun";

const DAY_MS = 86_400_000;

/** A machine with one Python, whose venv and pip do what a test tells them. */
class Machine {
  isYes = true;
  readonly questions: string[] = [];
  readonly titles: string[] = [];
  readonly steps: string[] = [];
  readonly log: string[] = [];
  readonly cancel = new AbortController();
  python: ProcessEnd = pythonSays([3, 12, 3], "/usr/bin/python3");
  /** What pip answers, by its subcommand, when it is online or offline. */
  pip: (subcommand: string, isOffline: boolean, request: ProcessRequest) => ProcessEnd | Promise<ProcessEnd> = () =>
    exited(0);
  trial: ProcessEnd = exited(0, "lean-sidekick, version 0.1.0");

  readonly fake = new FakeRun(async (line, request) => {
    const { args } = request;
    if (args.includes("-c")) {
      return this.python;
    }
    if (args.includes("venv")) {
      const { python, sidekick } = venvPaths(args.at(-1) ?? "", "linux");
      await fs.mkdir(path.dirname(python), { recursive: true });
      await fs.writeFile(python, "");
      await fs.writeFile(sidekick, "");
      return exited(0);
    }
    return args.includes("pip")
      ? this.pip(args.includes("wheel") ? "wheel" : "install", args.includes("--no-index"), request)
      : line.endsWith("--version")
        ? this.trial
        : exited(1, `unexpected: ${line}`);
  });

  readonly host: EnvironmentHost = {
    ask: (question) => {
      this.questions.push(question);
      return Promise.resolve(this.isYes);
    },
    withProgress: (title, work) => {
      this.titles.push(title);
      return work((step) => this.steps.push(step), this.cancel.signal);
    },
  };

  /** What was run, without the folders: the last word of each command that says what it does. */
  ran(): string[] {
    return this.fake.requests.map(({ args }) => {
      const verb = ["-c", "venv", "wheel", "install"].find((each) => args.includes(each)) ?? "trial";
      return verb === "-c" ? "probe" : verb;
    });
  }
}

describe("Environment", () => {
  let root: string;
  let machine: Machine;
  beforeEach(async () => {
    root = await fs.mkdtemp(path.join(tmpdir(), "storage ∀ "));
    await fs.mkdir(path.join(root, "wheel"));
    await fs.writeFile(path.join(root, "wheel/lean_sidekick-0.1.0-py3-none-any.whl"), "first wheel");
    machine = new Machine();
  });
  afterEach(() => fs.rm(root, { recursive: true }));

  const storage = (): string => path.join(root, "environments");
  const folders = (): Promise<string[]> => fs.readdir(storage()).catch(() => []);
  /** An extension that starts, as another window or another day does. */
  const session = (extensionVersion = "0.1.0"): Environment =>
    new Environment({
      store: new EnvironmentStore(storage()),
      wheelFolder: path.join(root, "wheel"),
      extensionVersion,
      platform: "linux",
      run: machine.fake.run,
      host: machine.host,
      log: {
        debug: (line: string) => machine.log.push(line),
        info: (line: string) => machine.log.push(line),
        warn: (line: string) => machine.log.push(line),
        error: (line: string) => machine.log.push(line),
      },
    });
  const problem = async (promise: Promise<unknown>): Promise<string> => {
    const reason: unknown = await promise.then(
      () => "it did not fail",
      (error: unknown) => error,
    );
    assert.ok(reason instanceof Problem, String(reason));
    return reason.message;
  };
  const executable = async (answer: ReturnType<Environment["get"]>): Promise<string> => {
    const got = await answer;
    return got.kind === "ready" ? got.executable : assert.fail("declined");
  };

  it("asks once, naming number, size and packages, and then makes an environment", async () => {
    const made = await executable(session().get(""));
    const [folder] = await folders();
    assert.match(folder ?? "", /^0\.1\.0-py3\.12\.3-[0-9a-f]{6}$/);
    assert.equal(made, path.join(storage(), folder ?? "", "bin/lean-sidekick"));
    assert.equal(machine.questions.length, 1);
    assert.equal(
      machine.questions[0],
      `Lean Sidekick needs a Python environment of its own. It downloads ${downloads.packages.length} packages, ` +
        `about ${downloads.megabytes} MB, from the package index that pip uses: ${downloads.packages.join(", ")}. ` +
        "It is made with Python 3.12.3 (/usr/bin/python3) in VS Code's storage and changes nothing else. " +
        "Download them now?",
    );
    assert.deepEqual(machine.ran(), ["probe", "venv", "wheel", "install", "trial"]);
    assert.deepEqual(machine.steps, [
      "making the environment",
      "downloading packages",
      "installing packages",
      "trying it out",
    ]);
  });

  it("downloads in one step only, into the environment, and installs from there", async () => {
    await session().get("");
    const [, , wheel, install] = machine.fake.requests.map(({ args }) => args);
    const [folder] = await folders();
    const wheels = path.join(storage(), folder ?? "", "wheels");
    const own = path.join(root, "wheel/lean_sidekick-0.1.0-py3-none-any.whl");
    assert.deepEqual(wheel?.slice(-5), ["wheel", "--wheel-dir", wheels, "--prefer-binary", own]);
    assert.deepEqual(install?.slice(-5), ["install", "--no-index", "--find-links", wheels, own]);
  });

  it("keeps the user's Python variables out of what it runs", async () => {
    process.env.PYTHONPATH = "/ros/packages";
    process.env.PIP_TARGET = "/elsewhere";
    process.env.PIP_INDEX_URL ??= "https://index.example/simple";
    try {
      await session().get("");
    } finally {
      delete process.env.PYTHONPATH;
      delete process.env.PIP_TARGET;
    }
    for (const { env } of machine.fake.requests.slice(1)) {
      assert.equal(env.PYTHONPATH, undefined);
      assert.equal(env.PIP_TARGET, undefined);
      assert.equal(env.PIP_INDEX_URL, process.env.PIP_INDEX_URL, "where pip downloads from is the user's choice");
    }
  });

  it("uses what it finds on the next day, without asking and without running anything", async () => {
    const made = await executable(session().get(""));
    machine.fake.requests.length = 0;
    assert.equal(await executable(session().get("")), made);
    assert.deepEqual(machine.ran(), []);
    assert.equal(machine.questions.length, 1);
  });

  it("downloads nothing after a no, and does not ask again in that session", async () => {
    machine.isYes = false;
    const today = session();
    assert.deepEqual(await today.get(""), { kind: "declined" });
    assert.deepEqual(await today.get(""), { kind: "declined" });
    assert.equal(machine.questions.length, 1);
    assert.deepEqual(machine.ran(), ["probe"]);
    assert.deepEqual(await folders(), []);
    await session().get("");
    assert.equal(machine.questions.length, 2, "the next session may ask");
  });

  it("asks again after a no when the user runs the command", async () => {
    machine.isYes = false;
    const today = session();
    await today.get("");
    machine.isYes = true;
    await executable(today.setUp(""));
    await executable(today.get(""));
    assert.equal(machine.questions.length, 2);
  });

  it("puts one question to all who ask at the same time", async () => {
    const today = session();
    const answers = await Promise.all([executable(today.get("")), executable(today.get(""))]);
    assert.equal(answers[0], answers[1]);
    assert.equal(machine.questions.length, 1);
    assert.equal((await folders()).length, 1);
  });

  it("says which step of pip failed, with pip's own reason, logs all of it, and leaves nothing behind", async () => {
    machine.pip = (_subcommand, _isOffline, { onLine }) => {
      const lines = ["Looking in indexes: …", "ERROR: No matching distribution found for pygls.", ""];
      lines.forEach(onLine);
      return exited(1, ...lines);
    };
    const message = await problem(session().get(""));
    assert.match(message, /could not get the packages: No matching distribution found for pygls\. The log has/);
    assert.match(message, /leanSidekick\.server\.path/);
    assert.ok(machine.log.includes("Looking in indexes: …"));
    assert.deepEqual(await folders(), []);
  });

  it("does not call an environment ready whose program does not start", async () => {
    machine.trial = exited(1, "ImportError: libpython3.12.so");
    assert.match(await problem(session().get("")), /could not start what was installed: ImportError/);
    assert.deepEqual(await folders(), []);
  });

  it("does not take a time-out for success", async () => {
    machine.pip = () => ({ kind: "timedOut", lines: [] });
    assert.match(await problem(session().get("")), /did not end within 15 minutes/);
    assert.deepEqual(await folders(), []);
  });

  it("removes a half-made environment when it is cancelled, and does not start over by itself", async () => {
    machine.pip = () => {
      machine.cancel.abort();
      return { kind: "cancelled" };
    };
    const today = session();
    assert.deepEqual(await today.get(""), { kind: "declined" });
    assert.deepEqual(await folders(), []);
    assert.deepEqual(await today.get(""), { kind: "declined" });
    assert.equal(machine.questions.length, 1);
  });

  it("ends an installation that is under way when the editor closes", async () => {
    const today = session();
    let isAborted = false;
    machine.pip = async (_subcommand, _isOffline, { signal }) => {
      const closing = today.close();
      isAborted = signal.aborted;
      void closing;
      return Promise.resolve({ kind: "cancelled" });
    };
    assert.deepEqual(await today.get(""), { kind: "declined" });
    assert.equal(isAborted, true);
    assert.deepEqual(await folders(), []);
  });

  it("says that there is no Python, and asks nothing", async () => {
    machine.python = notFound;
    assert.match(await problem(session().get("")), /needs Python 3\.11 or newer/);
    assert.deepEqual(machine.questions, []);
  });

  it("says that a copy without a wheel is incomplete", async () => {
    await fs.rm(path.join(root, "wheel"), { recursive: true });
    await fs.mkdir(path.join(root, "wheel"));
    assert.match(await problem(session().get("")), /packed without its Python package/);
  });

  describe("after the extension was updated", () => {
    beforeEach(async () => {
      await session().get("");
      await fs.writeFile(path.join(root, "wheel/lean_sidekick-0.1.0-py3-none-any.whl"), "second wheel");
      machine.fake.requests.length = 0;
      machine.questions.length = 0;
    });

    it("makes the new environment from the packages of the old one, without a question or a download", async () => {
      const made = await executable(session("0.2.0").get(""));
      assert.deepEqual(machine.questions, []);
      assert.match(made, /0\.2\.0-py3\.12\.3/);
      const wheel = machine.fake.requests.find(({ args }) => args.includes("wheel"));
      const [old] = (await folders()).filter((name) => name.startsWith("0.1.0"));
      assert.ok(wheel?.args.includes("--no-index"));
      assert.ok(wheel?.args.includes(path.join(storage(), old ?? "", "wheels")));
      assert.equal(machine.titles.at(-1), "Updating Lean Sidekick");
    });

    it("asks before it downloads what the old one lacks", async () => {
      machine.pip = (_subcommand, isOffline, { args }) =>
        isOffline && args.includes("wheel") ? exited(1, "ERROR: No matching distribution found for numpy") : exited(0);
      await executable(session("0.2.0").get(""));
      assert.equal(machine.questions.length, 1);
      assert.equal((await folders()).length, 2);
    });

    it("keeps the old one, from which another window may still run, until it was not used for a week", async () => {
      await session("0.2.0").get("");
      const store = new EnvironmentStore(storage());
      const [newer] = await store.list();
      await store.prune(Date.now() + 6 * DAY_MS);
      assert.equal((await folders()).length, 2);
      const later = new Date(Date.now() + 7 * DAY_MS);
      await fs.utimes(path.join(newer?.folder ?? "", "lean-sidekick-environment.json"), later, later);
      await store.prune(Date.now() + 8 * DAY_MS);
      assert.deepEqual(await folders(), [path.basename(newer?.folder ?? "")]);
    });
  });

  it("makes another environment for another Python of the setting", async () => {
    const first = await executable(session().get(""));
    machine.python = pythonSays([3, 13, 0], "/opt/python3.13");
    const second = await executable(session().get("/opt/python3.13"));
    assert.notEqual(first, second);
    assert.equal(await executable(session().get("")), first);
  });

  it("makes it again when the Python that it was made from is gone", async () => {
    const first = await executable(session().get(""));
    await fs.rm(venvPaths(path.dirname(path.dirname(first)), "linux").python);
    assert.notEqual(await executable(session().get("")), first);
  });

  it("repairs by making a new one, which is used from then on", async () => {
    const today = session();
    const first = await executable(today.get(""));
    const second = await executable(today.setUp(""));
    assert.notEqual(first, second);
    assert.equal(await executable(session().get("")), second);
  });

  it("removes a half-made folder that a dead window left, but not one that may be in the making", async () => {
    const store = new EnvironmentStore(storage());
    const folder = await store.create("0.1.0", "3.12.3");
    await store.prune(Date.now() + 30 * 60_000);
    assert.equal((await folders()).length, 1);
    assert.deepEqual(await store.list(), [], "without its record it is no environment");
    await store.prune(Date.now() + 2 * 3_600_000);
    assert.deepEqual(await folders(), []);
    await assert.rejects(fs.access(folder));
  });

  it("takes a damaged record for a half-made environment", async () => {
    const made = await executable(session().get(""));
    await fs.writeFile(path.join(made, "../../lean-sidekick-environment.json"), "{");
    assert.notEqual(await executable(session().get("")), made);
  });
});

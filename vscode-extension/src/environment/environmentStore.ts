/**
 * The environments on disk: one folder each, below the extension's global storage.
 *
 * A folder counts as an environment only once its record is in it, and the record is written last: a folder without
 * one is half-made, whoever left it so. Every creation gets a folder of its own, so that several windows of the
 * editor never write into one. Old folders are kept for a while because another window may still run from them.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** What an environment was made from. */
export interface EnvironmentRecord {
  readonly extensionVersion: string;
  readonly wheelDigest: string;
  readonly pythonVersion: string;
  readonly pythonExecutable: string;
  /** The setting `leanSidekick.server.python` at that time. */
  readonly requestedPython: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface StoredEnvironment {
  readonly folder: string;
  readonly record: EnvironmentRecord;
}

const RECORD_FILE = "lean-sidekick-environment.json";
const HOUR_MS = 3_600_000;
/** No installation takes this long, so a half-made folder of this age belongs to a window that died. */
const HALF_MADE_MS = HOUR_MS;
const UNUSED_MS = 7 * 24 * HOUR_MS;

export class EnvironmentStore {
  constructor(private readonly root: string) {}

  /** All finished environments, the newest first. */
  async list(): Promise<StoredEnvironment[]> {
    const found: StoredEnvironment[] = [];
    for (const folder of await this.folders()) {
      const record = await readRecord(folder);
      if (record !== undefined) {
        found.push({ folder, record });
      }
    }
    return found.sort((a, b) => b.record.createdAt - a.record.createdAt);
  }

  /** A new, empty, half-made folder. Its name tells people what it is for; the program reads only records. */
  async create(extensionVersion: string, pythonVersion: string): Promise<string> {
    const folder = path.join(this.root, `${extensionVersion}-py${pythonVersion}-${randomBytes(3).toString("hex")}`);
    await fs.mkdir(folder, { recursive: true });
    return folder;
  }

  /** Makes a half-made folder an environment. */
  async finish(folder: string, record: EnvironmentRecord): Promise<void> {
    const draft = path.join(folder, `${RECORD_FILE}.new`);
    await fs.writeFile(draft, JSON.stringify(record, undefined, 2));
    await fs.rename(draft, path.join(folder, RECORD_FILE));
  }

  /** Notes that an environment is in use today, which keeps it from being pruned. */
  async touch(folder: string): Promise<void> {
    const now = new Date();
    await fs.utimes(path.join(folder, RECORD_FILE), now, now).catch(ignore);
  }

  /** Takes an environment out of use; its files go with a later `prune`, when nothing runs from them any more. */
  async retire(folder: string): Promise<void> {
    await fs.rm(path.join(folder, RECORD_FILE), { force: true });
  }

  async remove(folder: string): Promise<void> {
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Removes what was not used for a week and what was left half-made. Never fails: the next time will do. */
  async prune(now: number): Promise<void> {
    for (const folder of await this.folders()) {
      const record = await fs.stat(path.join(folder, RECORD_FILE)).catch(ignore);
      const made = await fs.stat(folder).catch(ignore);
      const age = now - (record ?? made ?? { mtimeMs: now }).mtimeMs;
      if (age > (record === undefined ? HALF_MADE_MS : UNUSED_MS)) {
        await this.remove(folder).catch(ignore);
      }
    }
  }

  private async folders(): Promise<string[]> {
    const entries = await fs.readdir(this.root, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(this.root, entry.name));
  }
}

async function readRecord(folder: string): Promise<EnvironmentRecord | undefined> {
  try {
    const record = JSON.parse(await fs.readFile(path.join(folder, RECORD_FILE), "utf8")) as EnvironmentRecord;
    return typeof record.wheelDigest === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}

function ignore(): undefined {
  return undefined;
}

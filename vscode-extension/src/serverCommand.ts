/** What is started: a program with its arguments and variables. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cleanEnv } from "./environment/cleanEnv";
import { expandHome } from "./expandHome";
import { Problem } from "./problem";

export interface ServerCommand {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const SETTING = "leanSidekick.server.path";

/** The server of our own environment. */
export function ownServer(executable: string, env: NodeJS.ProcessEnv): ServerCommand {
  return { executable, args: ["serve"], env: cleanEnv(env) };
}

/** The surroundings in which a setting is understood. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
}

/** The server that the user named. Throws a `Problem` if there is no such program. */
export async function namedServer(setting: string, surroundings: Surroundings): Promise<ServerCommand> {
  const { platform, env, home } = surroundings;
  const paths = platform === "win32" ? path.win32 : path.posix;
  const named = expandHome(setting, home);
  if (platform === "win32" && /\.(cmd|bat)$/i.test(named)) {
    throw new Problem(`${SETTING} names the batch file ${named}; name the program lean-sidekick.exe itself.`);
  }
  const isBareName = !named.includes("/") && !named.includes(paths.sep);
  if (!isBareName && !paths.isAbsolute(named)) {
    throw new Problem(`${SETTING} must be a whole path or a name on the PATH, not ${named}.`);
  }
  const candidates = isBareName ? onPath(named, surroundings) : [named];
  for (const executable of candidates) {
    if (await isProgram(executable)) {
      return { executable, args: ["serve"], env };
    }
  }
  throw new Problem(
    isBareName
      ? `${SETTING} names ${named}, which is not on the PATH. Write its whole path there, or clear the setting.`
      : `${SETTING} names ${named}, where no program is. Correct it, or clear it to use the extension's own environment.`,
  );
}

/** The files that a bare name can mean, in the order of the PATH. */
export function onPath(name: string, { platform, env }: Surroundings): string[] {
  const paths = platform === "win32" ? path.win32 : path.posix;
  const variable = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const folders = (env[variable] ?? "").split(paths.delimiter).filter((folder) => folder !== "");
  const file = platform === "win32" && paths.extname(name) === "" ? `${name}.exe` : name;
  return folders.map((folder) => paths.join(folder, file));
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await fs.access(file, fs.constants.X_OK);
    return (await fs.stat(file)).isFile();
  } catch {
    return false;
  }
}

import * as path from "node:path";

/** The two programs of a virtual environment that we run. */
export interface VenvPaths {
  readonly python: string;
  readonly sidekick: string;
}

/**
 * Where a virtual environment in `folder` has its programs on a platform.
 *
 * The platform is an argument, not looked up, so that one machine can test the layouts of all of them.
 */
export function venvPaths(folder: string, platform: NodeJS.Platform): VenvPaths {
  return platform === "win32"
    ? {
        python: path.win32.join(folder, "Scripts", "python.exe"),
        sidekick: path.win32.join(folder, "Scripts", "lean-sidekick.exe"),
      }
    : {
        python: path.posix.join(folder, "bin", "python"),
        sidekick: path.posix.join(folder, "bin", "lean-sidekick"),
      };
}

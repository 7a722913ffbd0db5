import * as path from "node:path";

/**
 * Whether a file lies in a folder or below it, by their paths on this machine.
 *
 * `system` is for tests: Windows compares without case, and its paths begin with a drive.
 */
export function isInFolder(file: string, folder: string, system: path.PlatformPath = path): boolean {
  const way = system.relative(folder, file);
  return way !== "" && way !== ".." && !way.startsWith(`..${system.sep}`) && !system.isAbsolute(way);
}

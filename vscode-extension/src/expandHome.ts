/** A path with a leading `~` replaced by the home folder, as people write paths in settings. */
export function expandHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") || path.startsWith("~\\") ? home + path.slice(1) : path;
}

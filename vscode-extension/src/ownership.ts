import { window, workspace } from "vscode";
import { isLeanDocument } from "./leanDocument";
import { ownerOf, type Owner } from "./owner";

/** What is told of changes; the pool of servers. */
export interface Owners {
  owners(): Owner[];
  ensure(owner: Owner): void;
  restart(cause: string, keys: Iterable<string>): void;
  remove(key: string): void;
}

/** Keeps the servers in step with the documents and the workspace folders that are open. */
export class Ownership {
  private keys = new Map<string, string>();

  constructor(private readonly pool: Owners) {}

  /**
   * Sees to it that every Lean document on the screen has a server, and that no server outlives its folder.
   *
   * Documents that are open but not shown start nothing: VS Code opens files in the background for previews.
   */
  refresh(): void {
    const folders = new Set(workspace.workspaceFolders?.map(({ uri }) => uri.toString()));
    for (const { key, folder } of this.pool.owners()) {
      if (folder !== undefined && !folders.has(key)) {
        this.pool.remove(key);
      }
    }
    const before = this.keys;
    this.keys = ownersOfOpenDocuments();
    const inUse = new Set(this.keys.values());
    for (const key of movedBetween(before, this.keys)) {
      if (inUse.has(key)) {
        // A server learns of the documents that are open when it starts.
        this.pool.restart("its documents have changed hands", [key]);
      } else {
        this.pool.remove(key);
      }
    }
    for (const { document } of window.visibleTextEditors) {
      if (isLeanDocument(document)) {
        this.pool.ensure(ownerOf(document.uri));
      }
    }
  }
}

/** Who owns each open Lean document, by its URI. */
function ownersOfOpenDocuments(): Map<string, string> {
  const documents = workspace.textDocuments.filter(isLeanDocument);
  return new Map(documents.map(({ uri }) => [uri.toString(), ownerOf(uri).key]));
}

/** The owners, old and new, of the documents that have another owner now. */
function movedBetween(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Set<string> {
  const moved = new Set<string>();
  for (const [uri, key] of now) {
    const old = before.get(uri);
    if (old !== undefined && old !== key) {
      moved.add(old).add(key);
    }
  }
  return moved;
}

import type { Middleware } from "vscode-languageclient/node";

/**
 * Keeps from a client every message about a document that belongs to another one.
 *
 * All clients are told of all Lean documents by VS Code; glob patterns of folders cannot part them (folders inside
 * each other, names with brackets, files outside all folders), this one gate for every kind of message can.
 */
export function ownershipMiddleware(owns: (uri: string) => boolean): Middleware {
  const isForeign = (params: unknown): boolean => {
    const uri = (params as { textDocument?: { uri?: unknown } } | null | undefined)?.textDocument?.uri;
    return typeof uri === "string" && !owns(uri);
  };
  return {
    sendRequest: (type, params, token, next) =>
      // Null is "nothing to offer" for every request that VS Code makes about a document.
      isForeign(params) ? Promise.resolve(null as never) : next(type, params, token),
    sendNotification: (type, next, params) => (isForeign(params) ? Promise.resolve() : next(type, params)),
  };
}

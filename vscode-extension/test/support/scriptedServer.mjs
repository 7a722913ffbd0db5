#!/usr/bin/env node
// A server that speaks just enough of the protocol to be a sidecar, and misbehaves when told so.
// SCRIPT holds JSON; its fields are those of `Script` in session.ts and the path of the transcript. Everything that arrives is
// appended to the transcript, one JSON object a line.
import { appendFileSync } from "node:fs";

const script = JSON.parse(process.env.SCRIPT ?? "{}");
let buffer = Buffer.alloc(0);
const waiting = new Map();

function record(message) {
  appendFileSync(
    script.transcript,
    JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), ...message }) + "\n",
  );
}

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
}

function execute(id, { command, arguments: args, workDoneToken }) {
  if (script.isSlow) {
    send({
      method: "$/progress",
      params: { token: workDoneToken, value: { kind: "begin", title: "t", message: "looking" } },
    });
    waiting.set(id, true);
  } else if (command === "test.fail") {
    send({ id, error: { code: -32803, message: "There is no proof at the cursor." } });
  } else {
    send({ id, result: { pid: process.pid, command, args, ...script.result } });
  }
}

function handle({ id, method, params, result, error }) {
  record(method === undefined ? { method: "(answer)", params: { id, result, error } } : { method, params });
  if (script.crashOn === method) {
    console.error("ModuleNotFoundError: No module named 'pygls'");
    process.exit(3);
  }
  switch (method) {
    case "initialize":
      if (script.refuseInitialize) {
        send({ id, error: { code: -32603, message: "no, thank you" } });
        return;
      }
      send({
        id,
        result: {
          capabilities: {
            textDocumentSync: { openClose: true, change: 2 },
            executeCommandProvider: {
              commands: [
                "leanSidekick.completeProof",
                "leanSidekick.restartLean",
                "leanSidekick.takeSuggestion",
                "test.fail",
              ],
            },
          },
        },
      });
      break;
    case "initialized":
      console.error("INFO server: up");
      if (script.ask) {
        send({ id: "ours", ...script.ask });
      }
      if (script.status) {
        send({ method: "leanSidekick/statusChanged", params: script.status });
      }
      break;
    case "leanSidekick/panelMoved":
      if (script.panel && params.place !== null) {
        const { uri, version } = params.place;
        send({ method: "leanSidekick/panelChanged", params: { uri, version, ...script.panel } });
      }
      break;
    case "workspace/executeCommand":
      execute(id, params);
      break;
    case "$/cancelRequest":
      if (waiting.delete(params.id)) {
        send({ id: params.id, error: { code: -32800, message: "cancelled" } });
      }
      break;
    case "shutdown":
      send({ id, result: null });
      break;
    case "exit":
      if (!script.stayAlive) {
        process.exit(0);
      }
  }
}

if (script.stayAlive) {
  process.on("SIGTERM", () => record({ method: "SIGTERM" }));
  setInterval(() => {}, 1000);
}
record({ method: "start", params: { cwd: process.cwd(), key: process.env.LEAN_SIDEKICK_API_KEY ?? "" } });
process.stdin.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const head = buffer.indexOf("\r\n\r\n");
    const length =
      head < 0 ? undefined : Number(/Content-Length: (\d+)/.exec(buffer.subarray(0, head).toString())?.[1]);
    if (length === undefined || buffer.length < head + 4 + length) {
      return;
    }
    const body = buffer.subarray(head + 4, head + 4 + length);
    buffer = buffer.subarray(head + 4 + length);
    handle(JSON.parse(body.toString()));
  }
});

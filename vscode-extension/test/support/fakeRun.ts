import type { ProcessEnd, ProcessRequest, RunProcess } from "../../src/runProcess";

/** A process runner that runs nothing: it remembers what it was asked and answers as it is told. */
export class FakeRun {
  readonly requests: ProcessRequest[] = [];

  constructor(private readonly answer: (line: string, request: ProcessRequest) => ProcessEnd | Promise<ProcessEnd>) {}

  readonly run: RunProcess = (request) => {
    this.requests.push(request);
    return Promise.resolve(this.answer([request.command, ...request.args].join(" "), request));
  };
}

export function exited(code: number, ...lines: string[]): ProcessEnd {
  return { kind: "exited", code, lines };
}

export const notFound: ProcessEnd = { kind: "notStarted", reason: "spawn ENOENT" };

/** What a Python says when it is asked what it is. */
export function pythonSays(version: [number, number, number], executable: string, hasVenv = true): ProcessEnd {
  return exited(0, `probe:${JSON.stringify({ version, executable, hasVenv })}`);
}

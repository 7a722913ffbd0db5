import type { Log } from "./log";

const KEPT_LINES = 300;

/** A log that remembers its last lines, for whoever reports a problem. */
export class LogTail implements Log {
  private readonly lines: string[] = [];

  constructor(private readonly inner: Log) {}

  get last(): readonly string[] {
    return this.lines;
  }

  debug(text: string): void {
    this.keep("debug", text);
  }

  info(text: string): void {
    this.keep("info", text);
  }

  warn(text: string): void {
    this.keep("warn", text);
  }

  error(text: string | Error): void {
    this.keep("error", text instanceof Error ? (text.stack ?? text.message) : text);
  }

  private keep(level: keyof Log, text: string): void {
    this.lines.push(`${level}: ${text}`);
    this.lines.splice(0, this.lines.length - KEPT_LINES);
    this.inner[level](text);
  }
}

/** Decides whether a server that keeps dying is started once more. */
export class CrashCounter {
  private readonly crashes: number[] = [];

  /** A server may die `limit` times within `windowMs`; at the next death it is given up. */
  constructor(
    private readonly limit = 4,
    private readonly windowMs = 180_000,
  ) {}

  /** Counts one death at a time in milliseconds; true if the server should be started again. */
  mayRestart(nowMs: number): boolean {
    this.crashes.push(nowMs);
    while (this.crashes[0] !== undefined && nowMs - this.crashes[0] > this.windowMs) {
      this.crashes.shift();
    }
    return this.crashes.length <= this.limit;
  }
}

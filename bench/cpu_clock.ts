// What a process has used of its core, as a function of the time of day: read again and again while
// a load runs, because only afterwards its log tells when the warm-up was over.

import type { ServerProcess } from './processes.ts';

const READ_MS = 50;

interface Reading {
  readonly atUs: number;
  readonly cpuUs: number;
}

export class CpuClock {
  readonly #server: ServerProcess;
  readonly #readings: Reading[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#read();
    this.#timer = setInterval(() => this.#read(), READ_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#read();
  }

  /** CPU time used until then, between two readings in proportion. */
  usAt(atUs: number): number {
    const after = this.#readings.findIndex((reading) => reading.atUs >= atUs);
    const next = this.#readings[after];
    const previous = this.#readings[after - 1];
    if (next === undefined || previous === undefined)
      throw new Error('no reading around that time');
    const share = (atUs - previous.atUs) / (next.atUs - previous.atUs);
    return previous.cpuUs + share * (next.cpuUs - previous.cpuUs);
  }

  #read(): void {
    const nowUs = (performance.timeOrigin + performance.now()) * 1000;
    this.#readings.push({ atUs: nowUs, cpuUs: this.#server.cpuSeconds() * 1e6 });
  }
}

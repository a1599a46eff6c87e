// What goes wrong at the TLS gate, as warnings at a bounded rate: whoever reaches the port can
// cause any number of refusals.

import type { TlsResult } from './tls_result.ts';

const PAUSE_MS = 10_000;
/** Names in certificates are the peer's choice. */
const DETAIL_MAX = 256;

export class TlsLog {
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #last = new Map<TlsResult, { atMs: number; untold: number }>();

  constructor(warn: (message: string) => void, now: () => number = Date.now) {
    this.#warn = warn;
    this.#now = now;
  }

  /** One line for each result in ten seconds; the next one says how many there were between. */
  note(result: TlsResult, detail: string): void {
    if (result === 'accepted') return;
    const now = this.#now();
    const last = this.#last.get(result) ?? { atMs: Number.NEGATIVE_INFINITY, untold: 0 };
    this.#last.set(result, last);
    if (now - last.atMs < PAUSE_MS) {
      last.untold++;
      return;
    }
    const what = detail === '' ? '' : `: ${detail.trim().slice(0, DETAIL_MAX)}`;
    const more = last.untold === 0 ? '' : ` (and ${last.untold} more before)`;
    this.#warn(`a TLS connection ended, ${result}${what}${more}`);
    Object.assign(last, { atMs: now, untold: 0 });
  }
}

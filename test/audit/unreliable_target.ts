// A place to write to that does what disks do: writes a part only, is full, hangs, and recovers.

import type { Target } from '../../audit/line_sink.ts';

/** What one call of `write` does: so many bytes at most, or an error, or nothing for ever. */
export type Behaviour = number | Error | 'hang';

export const NO_SPACE = new Error('ENOSPC: no space left on device, write');

export class UnreliableTarget implements Target {
  /** What the file holds. */
  content = '';
  closed = false;
  /** False: like a pipe, what was written stays written. */
  canTakeBack = true;
  takeBackError: Error | undefined;
  /** One entry a write; when it has run out, `always` holds. */
  readonly script: Behaviour[];
  always: Behaviour;
  writes = 0;
  #release: ((behaviour: Behaviour) => void)[] = [];

  constructor(script: readonly Behaviour[] = [], always: Behaviour = Number.POSITIVE_INFINITY) {
    this.script = [...script];
    this.always = always;
  }

  get lines(): string[] {
    return this.content.split('\n').slice(0, -1);
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    let behaviour = this.script.shift() ?? this.always;
    if (behaviour === 'hang') {
      behaviour = await new Promise<Behaviour>((resolve) => this.#release.push(resolve));
    }
    if (behaviour instanceof Error) throw behaviour;
    const part = Buffer.from(bytes).subarray(0, behaviour as number);
    this.content += part.toString('latin1');
    return part.length;
  }

  /** Lets every write that hangs go on. */
  release(behaviour: Behaviour = Number.POSITIVE_INFINITY): void {
    this.always = behaviour;
    for (const release of this.#release.splice(0)) release(behaviour);
  }

  async takeBack(bytes: number): Promise<boolean> {
    if (this.takeBackError !== undefined) throw this.takeBackError;
    if (this.canTakeBack) this.content = this.content.slice(0, -bytes);
    return this.canTakeBack;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

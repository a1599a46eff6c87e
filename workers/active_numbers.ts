// The numbers that every thread looks at before and after each decision (DESIGN section 4): the
// versions of the snapshot and of the key sets and the revision of the state that are in force. One
// atomic store makes a reload, or a change of keys, true for all of them.

const VERSION = 0;
const REVISION = 1;
const KEYS = 2;
const NUMBERS = 3;

export class ActiveNumbers {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(NUMBERS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  get version(): number {
    return Atomics.load(this.#words, VERSION);
  }

  get revision(): number {
    return Atomics.load(this.#words, REVISION);
  }

  get keys(): number {
    return Atomics.load(this.#words, KEYS);
  }

  /** INVARIANT: only when every thread that decides holds this version. */
  activate(version: number): void {
    Atomics.store(this.#words, VERSION, version);
  }

  /** INVARIANT: only when every thread that decides holds these keys. */
  activateKeys(version: number): void {
    Atomics.store(this.#words, KEYS, version);
  }
}

// What a terminal adds to plain text: colours, where somebody sees them and has not declined
// (https://no-color.org), and a line that says how far long work has come.

export type Paint = (text: string) => string;

export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly doubtful: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

const plain: Paint = (text) => text;
const PLAIN: Palette = { good: plain, bad: plain, doubtful: plain, faint: plain, strong: plain };

const escaped =
  (start: number, end: number): Paint =>
  (text) =>
    `\x1b[${start}m${text}\x1b[${end}m`;
const COLOURS: Palette = {
  good: escaped(32, 39),
  bad: escaped(31, 39),
  doubtful: escaped(33, 39),
  faint: escaped(2, 22),
  strong: escaped(1, 22),
};

interface Output {
  readonly isTTY?: boolean | undefined;
}

export function paletteOf(
  output: Output,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Palette {
  const declined = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return output.isTTY === true && !declined ? COLOURS : PLAIN;
}

/** Text of a bundle may hold what a terminal would obey; nothing of it does any harm in `�`. */
export function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '�');
}

const QUIET_MS = 500;
const STEP_MS = 200;

/** One line on standard error that overwrites itself; nothing where no terminal is. */
export class Progress {
  readonly #what: string;
  readonly #startedMs = performance.now();
  #shownMs = 0;

  /** @param what is done, such as `cases decided` */
  constructor(what: string) {
    this.#what = what;
  }

  /** @param total undefined when nobody knows it beforehand */
  tell(done: number, total?: number): void {
    if (process.stderr.isTTY !== true) return;
    const now = performance.now();
    if (now - this.#startedMs < QUIET_MS || now - this.#shownMs < STEP_MS) return;
    this.#shownMs = now;
    const of = total === undefined ? '' : ` of ${total}`;
    process.stderr.write(`\r\x1b[K${done}${of} ${this.#what}`);
  }

  end(): void {
    if (this.#shownMs > 0) process.stderr.write('\r\x1b[K');
  }
}

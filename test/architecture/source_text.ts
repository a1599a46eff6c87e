// TypeScript read just closely enough to tell code from text: what is comment, string, template and
// regular expression is blanked, so that what is left can be searched without a parser.

/** The text with everything blanked that is no code; same length, same lines. */
export interface SourceText {
  readonly code: string;
  /** 1 for every character of a comment, 2 for one of a string, template or expression. */
  readonly kinds: Uint8Array;
}

export const COMMENT = 1;
export const TEXT = 2;

/** After one of these a slash begins a regular expression, after anything else it divides. */
const BEFORE_EXPRESSION = /(?:^|[=([{},;:!&|?+*%<>~^-]|=>|\breturn|\bof|\bin|\bcase|\btypeof)\s*$/;

export function readSource(source: string): SourceText {
  return new Blanker(source).run();
}

class Blanker {
  readonly #source: string;
  readonly #kinds: Uint8Array;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#kinds = new Uint8Array(source.length);
  }

  run(): SourceText {
    this.#code(undefined);
    let code = '';
    for (let i = 0; i < this.#source.length; i++) {
      const character = this.#source[i]!;
      code += this.#kinds[i] === 0 || character === '\n' ? character : ' ';
    }
    return { code, kinds: this.#kinds };
  }

  /** Code up to the end, or up to the brace that closes a template's substitution. */
  #code(closing: '}' | undefined): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at]!;
      const two = this.#source.slice(this.#at, this.#at + 2);
      if (two === '//') this.#until('\n', COMMENT);
      else if (two === '/*') this.#until('*/', COMMENT);
      else if (character === "'" || character === '"') this.#quoted(character);
      else if (character === '`') this.#template();
      else if (character === '/' && this.#expressionMayBegin()) this.#expression();
      else {
        if (character === '{') depth++;
        if (character === '}') {
          if (closing !== undefined && depth === 0) return;
          depth--;
        }
        this.#at++;
      }
    }
  }

  #until(end: string, kind: number): void {
    const found = this.#source.indexOf(end, this.#at + 2);
    const stop = found === -1 ? this.#source.length : found + (end === '\n' ? 0 : end.length);
    this.#mark(stop, kind);
  }

  #quoted(quote: string): void {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote) {
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    this.#mark(end + 1, TEXT);
  }

  #template(): void {
    this.#mark(this.#at + 1, TEXT);
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === '`') {
        this.#mark(this.#at + 1, TEXT);
        return;
      }
      if (character === '$' && this.#source[this.#at + 1] === '{') {
        this.#mark(this.#at + 2, TEXT);
        this.#code('}');
        this.#mark(this.#at + 1, TEXT);
      } else this.#mark(this.#at + (character === '\\' ? 2 : 1), TEXT);
    }
  }

  #expressionMayBegin(): boolean {
    let start = this.#at - 1;
    // Comments and spaces before it make no difference.
    while (start >= 0 && (this.#kinds[start] === COMMENT || /\s/.test(this.#source[start]!))) {
      start--;
    }
    if (start >= 0 && this.#kinds[start] === TEXT) return false;
    return BEFORE_EXPRESSION.test(this.#source.slice(Math.max(0, start - 10), start + 1));
  }

  #expression(): void {
    let end = this.#at + 1;
    let inClass = false;
    while (end < this.#source.length && (inClass || this.#source[end] !== '/')) {
      const character = this.#source[end];
      if (character === '[') inClass = true;
      if (character === ']') inClass = false;
      end += character === '\\' ? 2 : 1;
    }
    this.#mark(end + 1, TEXT);
  }

  #mark(end: number, kind: number): void {
    this.#kinds.fill(kind, this.#at, end);
    this.#at = end;
  }
}

export interface LongFunction {
  readonly line: number;
  readonly lines: number;
}

/** Every function body, by the line it begins on and how many lines it has. */
export function functionsOf(code: string): LongFunction[] {
  const found: LongFunction[] = [];
  const open: { line: number; isBody: boolean }[] = [];
  let line = 1;
  for (let i = 0; i < code.length; i++) {
    const character = code[i];
    if (character === '\n') line++;
    else if (character === '{') open.push({ line, isBody: opensBody(code, i) });
    else if (character === '}') {
      const opened = open.pop();
      if (opened?.isBody) found.push({ line: opened.line, lines: line - opened.line + 1 });
    }
  }
  return found;
}

/** After `=>`, or after parameters that are none of a statement. */
function opensBody(code: string, at: number): boolean {
  const before = code.slice(Math.max(0, at - 300), at).trimEnd();
  if (before.endsWith('=>')) return true;
  const parameters = /\)(?:\s*:\s*[^;{}=]+)?$/.exec(before);
  if (parameters === null) return false;
  let depth = 0;
  for (let i = before.length - parameters[0].length; i >= 0; i--) {
    if (before[i] === ')') depth++;
    if (before[i] === '(' && --depth === 0) {
      return !/\b(?:if|for|while|switch|catch|with|await)\s*$/.test(before.slice(0, i));
    }
  }
  // Parameters so long that their beginning is not in sight.
  return true;
}

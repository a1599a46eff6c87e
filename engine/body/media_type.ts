// Media types with their parameters (RFC 9110 section 8.3.1), and what else has that form, as the
// header Content-Disposition (RFC 6266 section 4.1).

import { MEDIA_TYPE_LENGTH_MAX } from '../limits.ts';

/** A value with parameters. Names are in lower case, as they compare without case. */
export interface Parameterized {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`${TOKEN}/${TOKEN}`, 'y');
const SINGLE_TOKEN = new RegExp(TOKEN, 'y');
/** A semicolon, and what may be missing behind it: `name=token` or `name="text"`. */
const PARAMETER = new RegExp(
  `[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\\\x00-\\x08\\n-\\x1f\\x7f]|\\\\[\\t -~])*)"))?`,
  'y',
);

/** `type/subtype` and parameters; undefined when it is anything else, as two of them in a list. */
export function parseMediaType(text: string): Parameterized | undefined {
  return parse(text, MEDIA_TYPE);
}

/** A token and parameters. */
export function parseDisposition(text: string): Parameterized | undefined {
  return parse(text, SINGLE_TOKEN);
}

function parse(text: string, first: RegExp): Parameterized | undefined {
  if (text.length > MEDIA_TYPE_LENGTH_MAX) return undefined;
  first.lastIndex = 0;
  const name = first.exec(text)?.[0];
  if (name === undefined) return undefined;
  const parameters = new Map<string, string>();
  let at = name.length;
  while (at < text.length) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null)
      return isBlank(text, at) ? { name: name.toLowerCase(), parameters } : undefined;
    at = PARAMETER.lastIndex;
    const [, key, token, quoted = ''] = match;
    if (key === undefined) continue;
    const lower = key.toLowerCase();
    // Whichever of the two is meant, another parser means the other one.
    if (parameters.has(lower)) return undefined;
    parameters.set(lower, token ?? quoted.replace(/\\(.)/g, '$1'));
  }
  return { name: name.toLowerCase(), parameters };
}

function isBlank(text: string, from: number): boolean {
  return /^[ \t]*$/.test(text.slice(from));
}

/** `application/json` and what is built on it (RFC 6839 section 3.1). */
export function isJson(name: string): boolean {
  return /^application\/(?:.+\+)?json$/.test(name);
}

/** UTF-8 is what all readers here assume where no charset is named. */
export function isUtf8Charset({ parameters }: Parameterized): boolean {
  return (parameters.get('charset') ?? 'utf-8').toLowerCase() === 'utf-8';
}

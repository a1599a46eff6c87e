// Path templates of operations: `/lit/{name}/…/{rest=**}` (DESIGN section 6, "Path"). A capture is
// one non-empty segment, `{rest=**}` one or more characters, everything else is literal text in
// decoded form. Case and a trailing slash matter.

export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'capture'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string };

/** What is wrong with a template, in words for its author. */
export class TemplateError {
  readonly message: string;
  readonly expected: string;

  constructor(message: string, expected: string) {
    this.message = message;
    this.expected = expected;
  }
}

const CAPTURE = /^\{([a-zA-Z_][a-zA-Z0-9_]{0,62})(=\*\*)?\}$/;
const EXPECTED = 'a path such as /v1/{name}/items or /files/{rest=**}';

export function parsePathTemplate(text: string): TemplateSegment[] | TemplateError {
  if (!text.startsWith('/')) return new TemplateError('a path starts with `/`', EXPECTED);
  const parts = text.slice(1).split('/');
  const segments: TemplateSegment[] = [];
  const names = new Set<string>();
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '' && !last) return new TemplateError('`//` never occurs in a path', EXPECTED);
    if (part === '.' || part === '..') {
      return new TemplateError('a dot segment never occurs in a path', EXPECTED);
    }
    const capture = CAPTURE.exec(part);
    if (capture === null) {
      if (/[{}*%;\\?#]/.test(part)) {
        const wrong = `\`${part}\` is neither literal text nor a capture`;
        return new TemplateError(wrong, 'decoded text, {name} or {name=**}');
      }
      segments.push({ kind: 'literal', text: part });
      continue;
    }
    const name = capture[1]!;
    if (names.has(name)) return new TemplateError(`a second capture \`${name}\``, EXPECTED);
    names.add(name);
    if (capture[2] === undefined) segments.push({ kind: 'capture', name });
    else if (last) segments.push({ kind: 'rest', name });
    else return new TemplateError(`\`${part}\` stands before the end`, '{name=**} at the end');
  }
  return segments;
}

export function captureNames(segments: readonly TemplateSegment[]): string[] {
  return segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]));
}

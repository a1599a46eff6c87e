// Who is calling, as a header and metadata say it.

const ESCAPED = /[^!-$&-~]/;

/**
 * INVARIANT: two names are never one text, and no text is more than one header. The subject of a
 * token may hold any letter, so what is not visible ASCII is percent-encoded, and so is `%`.
 */
export function principalText(id: string): string {
  if (!ESCAPED.test(id)) return id;
  return Array.from(Buffer.from(id), (byte) => {
    const letter = String.fromCharCode(byte);
    return ESCAPED.test(letter) ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}` : letter;
  }).join('');
}

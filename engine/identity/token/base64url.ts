// Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), read strictly: one text for
// each sequence of bytes, so that two different texts are never one token.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** By length modulo 4: the bits of the last character that stand for nothing and have to be 0. */
const UNUSED_BITS = [0, -1, 0b1111, 0b11] as const;

/** Undefined when the text is empty or not the canonical form of any bytes. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const unused = UNUSED_BITS[text.length % 4]!;
  if (unused < 0 || (ALPHABET.indexOf(text.at(-1)!) & unused) !== 0) return undefined;
  return Buffer.from(text, 'base64url');
}

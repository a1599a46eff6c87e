// UTF-8 read strictly (RFC 3629): overlong forms, surrogates and cut characters are no text. A
// byte order mark stays, so that whoever reads the text sees it.

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

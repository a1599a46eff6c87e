// Secrets of tests: API keys, cookies, passwords, opaque tokens, HMAC keys. Each holds a word by
// which test/secrets knows it again wherever it turns up, also cut, encoded or in another case.
// Tokens that are signed and private keys need none: they are known by their form.

/** Letters and digits, so that it survives in URLs, headers and host names. Nobody says it else. */
export const CANARY = 'canary7z';

/** The word stands at both ends: who shows the beginning or the end of a secret shows it. */
export function secret(name: string): string {
  return `${CANARY}-${name}-${CANARY}`;
}

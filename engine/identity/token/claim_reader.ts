// Claims of a payload by name and type (RFC 7519 section 4.1). A claim of another type than its own
// is never as good as absent: the first such fault is kept, and whoever read the claims asks for
// it.

import type { BodyValue } from '../../body/body.ts';
import type { Failure } from '../../failure.ts';
import { TOKEN_NAME_MAX } from '../../limits.ts';
import { invalidToken, isJsonObject, type JsonObject } from './compact_jws.ts';

/** 9999-12-31T23:59:59Z. What is beyond was not meant in seconds. */
const SECONDS_MAX = 253_402_300_799;

/** Control characters: they would end a line of whatever shows the name. */
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f]/;

export class ClaimReader {
  readonly claims: JsonObject;
  fault: Failure | undefined;

  constructor(claims: JsonObject) {
    this.claims = claims;
  }

  refuse(detail: string): undefined {
    this.fault ??= invalidToken(detail);
    return undefined;
  }

  /** A name of somebody or something: not empty, of bounded length, in printable characters. */
  name(claim: string): string | undefined {
    const value = this.claims.get(claim);
    if (value === undefined) return undefined;
    return isName(value) ? value : this.refuse(`\`${claim}\` is no name`);
  }

  /** A NumericDate, which may have a fraction, in milliseconds. */
  time(claim: string): number | undefined {
    const value = this.claims.get(claim);
    if (value === undefined) return undefined;
    const seconds = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : -1;
    if (seconds >= 0 && seconds <= SECONDS_MAX) return Math.floor(seconds * 1000);
    return this.refuse(`\`${claim}\` is no time`);
  }

  /** RFC 7519 section 4.1.3: one text or a list of texts. */
  textOrTexts(claim: string): readonly string[] | undefined {
    const value = this.claims.get(claim);
    if (value === undefined) return undefined;
    const list: readonly BodyValue[] = Array.isArray(value) ? value : [value as BodyValue];
    if (list.every((it): it is string => typeof it === 'string' && it !== '')) return list;
    return this.refuse(`\`${claim}\` is neither a text nor a list of texts`);
  }

  object(claim: string): JsonObject | undefined {
    const value = this.claims.get(claim);
    if (value === undefined) return undefined;
    return isJsonObject(value) ? value : this.refuse(`\`${claim}\` is no JSON object`);
  }

  /** There, and not null. */
  require(claims: Iterable<string>): void {
    for (const claim of claims) {
      if ((this.claims.get(claim) ?? null) === null) this.refuse(`\`${claim}\` is missing`);
    }
  }
}

export function isName(value: BodyValue | undefined): value is string {
  if (typeof value !== 'string' || value === '' || value.length > TOKEN_NAME_MAX) return false;
  return !UNPRINTABLE.test(value);
}

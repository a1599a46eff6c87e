// What an upstream does with the header that is handed on: it finds the key, and verifies.

import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { checkResponseToJson } from '../../proto/protojson.ts';

type Members = Readonly<Record<string, unknown>>;

export interface Read {
  readonly header: Members;
  readonly claims: Members;
}

interface JwkSet {
  readonly keys: readonly (JsonWebKey & { readonly kid: string })[];
}

/** @param jwks as it was published */
export function verified(token: string, jwks: string): Read {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  assert.deepEqual(rest, []);
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;
  const header = read(head);
  const { keys } = JSON.parse(jwks) as JwkSet;
  const jwk = keys.find(({ kid }) => kid === header['kid']);
  assert.ok(jwk, 'its key is published');
  const key = createPublicKey({ format: 'jwk', key: jwk });
  const bytes = Buffer.from(signature, 'base64url');
  const text = Buffer.from(`${head}.${body}`);
  assert.ok(verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, bytes), 'its signature');
  return { header, claims: read(body) };
}

export interface Sent {
  /** Names with the values that they are set to. */
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

interface OkResponse {
  readonly okResponse?: {
    readonly headers?: readonly {
      readonly header: { readonly key: string; readonly value: string };
      readonly append?: boolean;
      readonly appendAction?: string;
    }[];
    readonly headersToRemove?: readonly string[];
  };
}

/** What an allow does to the request; each header replaces what was there. */
export function sentTo(response: Uint8Array): Sent {
  const { okResponse } = checkResponseToJson(response) as OkResponse;
  assert.ok(okResponse, 'it is allowed');
  const { headers = [], headersToRemove = [] } = okResponse;
  for (const { append, appendAction } of headers) {
    assert.equal(append, false);
    assert.equal(appendAction, 'OVERWRITE_IF_EXISTS_OR_ADD');
  }
  const set = new Map(headers.map(({ header }) => [header.key, header.value]));
  assert.equal(set.size, headers.length, 'no header is set twice');
  for (const name of headersToRemove) assert.ok(!set.has(name), 'set, and then removed');
  return { set, removed: headersToRemove };
}

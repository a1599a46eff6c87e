// `x-forwarded-client-cert` and `Client-Cert` on xfcc.json (C-011). Names of headers in any case
// are those of test/envoy/proof_headers.test.ts.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readClientCert } from '../../engine/identity/client_cert.ts';
import { parseXfcc, presentedPem, type XfccElement } from '../../engine/identity/xfcc.ts';
import { withSharedCases } from '../shared_cases.ts';

type Fields = Readonly<Record<string, string | readonly string[]>>;

interface HeaderCase {
  readonly id: string;
  readonly header: string;
  readonly error?: boolean;
  readonly count?: number;
  readonly first?: Fields;
  readonly last?: Fields;
  readonly complete?: boolean;
  readonly elements?: readonly string[];
  readonly pairs?: readonly string[];
  readonly identity?: string;
}

interface Cases {
  readonly headers: readonly HeaderCase[];
  readonly pairs: readonly {
    readonly id: string;
    readonly pair: string;
    readonly ok: boolean;
    readonly key?: string;
    readonly rawValue?: string;
  }[];
  readonly certs: readonly {
    readonly id: string;
    readonly header: string;
    readonly pem?: string;
    readonly error?: boolean;
  }[];
  readonly clientCert: readonly {
    readonly id: string;
    readonly header: string;
    readonly derBase64?: string;
    readonly error?: boolean;
  }[];
}

/** Decided otherwise on purpose, with the reason. */
const PLUS = 'a plus is a plus, as in base64; Envoy writes %20 for a space';
const DELIBERATE: Readonly<Record<string, string>> = {
  'authorino.xfcc.cert/valid cert in Cert field': PLUS,
  'authorino.xfcc.cert/valid cert in Chain field (fallback)': PLUS,
  'authorino.xfcc.cert/Cert preferred over Chain': PLUS,
  'authorino.xfcc.keyvalue/only equals': 'a key has a name',
  'authorino.xfcc.keyvalue/equals at start': 'a key has a name',
};

function row(id: string, agrees: () => boolean): void {
  const why = DELIBERATE[id];
  const title = why === undefined ? id : `differs on purpose: ${id}, ${why}`;
  it(title, () => assert.equal(agrees(), why === undefined));
}

/** As the data has it: one text, or a list where a key is repeated; nothing that is empty. */
function fieldsOf(element: XfccElement | undefined): Fields {
  const { uris = [], dns = [], by = [], ...others } = element ?? {};
  const lists = { uri: uris, dns, by };
  const all = { ...others, ...lists };
  return Object.fromEntries(
    Object.entries(all)
      .map(([key, value]) => [key, Array.isArray(value) && value.length === 1 ? value[0] : value])
      .filter(([, value]) => value.length > 0),
  );
}

function elementsOf(text: string): readonly XfccElement[] {
  const elements = parseXfcc(text);
  return isFailure(elements) ? [] : elements;
}

function same(found: unknown, want: unknown): boolean {
  assert.deepEqual(found, want);
  return true;
}

function headerAgrees(test: HeaderCase): boolean {
  const elements = parseXfcc(test.header);
  if (isFailure(elements)) return test.error === true;
  assert.equal(elements.length, test.count);
  for (const [at, want] of [
    [0, test.first],
    [-1, test.last],
  ] as const) {
    if (want === undefined) continue;
    const found = fieldsOf(elements.at(at));
    const compared = test.complete ? Object.keys(found) : Object.keys(want);
    same(Object.fromEntries(compared.map((key) => [key, found[key]])), want);
  }
  // The raw texts say by themselves what they say together.
  if (test.elements) same(test.elements.flatMap(elementsOf), elements);
  if (test.pairs) same(elementsOf(test.pairs.join(';')), elements);
  if (test.pairs) for (const pair of test.pairs) assert.equal(elementsOf(pair).length, 1);
  if (test.identity) assert.ok(elements[0]!.uris.length > 1);
  return test.error !== true;
}

/** Under a key that is read, as a key that is not read shows nothing. */
function pairAgrees({ pair, ok, key = '', rawValue }: Cases['pairs'][number]): boolean {
  const parsed = parseXfcc(pair);
  if (isFailure(parsed)) return !ok;
  if (key === 'key') return ok && rawValue === '';
  const want = rawValue?.replace(/^"(.*)"$/, '$1');
  return ok && fieldsOf(parsed[0])[key.toLowerCase()] === want;
}

function pemAgrees({ header, pem }: Cases['certs'][number]): boolean {
  const [element] = elementsOf(header);
  const found = element && presentedPem(element);
  return (typeof found === 'string' ? found : undefined) === pem;
}

function derAgrees({ header, derBase64 }: Cases['clientCert'][number]): boolean {
  const found = readClientCert(header);
  return (isFailure(found) ? undefined : found.toString('base64')) === derBase64;
}

describe('C-011: xfcc.json', () => {
  withSharedCases<Cases>('xfcc.json', ({ headers, pairs, certs, clientCert }) => {
    for (const test of headers) row(test.id, () => headerAgrees(test));
    for (const test of pairs) row(test.id, () => pairAgrees(test));
    for (const test of certs) row(test.id, () => pemAgrees(test));
    for (const test of clientCert) row(test.id, () => derAgrees(test));

    it('are all there', () => {
      const counts = [headers, pairs, certs, clientCert].map(({ length }) => length);
      assert.deepEqual(counts, [29, 9, 9, 8]);
    });
  });
});

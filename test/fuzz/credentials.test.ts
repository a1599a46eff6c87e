// C-010 C-011 C-059: credentials changed in every way that whoever holds one can, through the check
// itself. Whatever is accepted says the same as one that was accepted before; nothing throws, and
// nothing is kept for what was refused.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Verdict } from '../../engine/check.ts';
import { jsonOf } from '../../engine/recorded_inputs.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import { CHECKOUT, REPORTS, verdictOn } from '../engine/fixture.ts';
import { mutated } from './credential_mutation.ts';
import { asking, CERTIFICATES, EDGE, MESH, ORIGINALS, type Texts } from './credential_originals.ts';

/** `REMIT_CREDENTIALS` is what a longer run is asked for. */
const CREDENTIALS = Number(process.env['REMIT_CREDENTIALS'] ?? 20_000);
const MINUTES_MAX = 20;
const GROWTH_BYTES_MAX = 8 * 1024 * 1024;

/** Who it is, how that was proved, and all that was claimed; undefined when nobody was believed. */
function meaningOf({ evidence, principal }: Verdict): string | undefined {
  if (evidence.result !== 'verified' || principal === undefined) return undefined;
  const { method, assurance, issuer, subject, notBefore, notAfter, svid, token } = evidence;
  // Without its certificate it is the enforcer's word, of which the test below takes no part.
  if (method === 'xfcc' && svid === undefined) return undefined;
  // Not the digest: two signatures of ECDSA say the same.
  const certificate = svid && [svid.id.id, svid.serial, svid.keyThumbprint, svid.pathNotAfter];
  return JSON.stringify([
    [principal.id, principal.variant, principal.actors.map(({ id }) => id), assurance, method],
    [issuer, subject, notBefore, notAfter, certificate, token && jsonOf(token.claims)],
  ]);
}

const sha256 = (of: Buffer | string) => `sha256:${hash('sha256', of, 'hex')}`;
const GENUINE = new Set([
  ...Object.values(CERTIFICATES).map(sha256),
  ...ORIGINALS.flatMap((it) => Object.values(it)).map((text) => sha256(text.split(' ').at(-1)!)),
]);

/** What was put together anew, byte by byte, or took the place of another, is no forgery. */
function isGenuine({ evidence: { svid, token }, principal }: Verdict, meaning: string): boolean {
  const shown = [svid?.credential, token?.credential].filter((it) => it !== undefined);
  if (!shown.every((it) => GENUINE.has(it))) return false;
  return MEANINGS.has(meaning) || (token === undefined && principal?.id === svid?.id.id);
}

function told(meaning: string, texts: Texts, original: Texts): string {
  return `${meaning}\nof ${JSON.stringify(texts)}\ninstead of ${JSON.stringify(original)}`;
}

function judged(texts: Texts): Verdict {
  const verdict = verdictOn(MESH, asking(texts));
  const { result, reason } = verdict.evidence;
  if (result === 'failed') assert.match(reason ?? '', /^authn\./, JSON.stringify(texts));
  return verdict;
}

const OWN = new Map(ORIGINALS.map((it) => [it, meaningOf(judged(it))] as const));
const MEANINGS = new Set(OWN.values());
const FIELDS = [...new Set(ORIGINALS.flatMap((it) => Object.keys(it)))];
const ALIKE = new Map(
  FIELDS.map((field) => [field, ORIGINALS.flatMap((it) => it[field] ?? [])] as const),
);

function changed(random: Random, original: Texts): Texts {
  const field = random.pick(Object.keys(original));
  const alike = ALIKE.get(field)!;
  if (random.chance(0.05)) {
    const { [field]: _, ...texts } = original;
    return texts;
  }
  if (random.chance(0.05)) return { ...original, [field]: random.pick(alike) };
  let text = original[field]!;
  do text = mutated(random, field, text, alike);
  while (random.chance(0.2));
  return { ...original, [field]: text };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function bytesInUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a credential that was changed', function () {
  this.timeout(MINUTES_MAX * 60_000);
  const seed = seedOfRun();

  it('is accepted as long as it was not', () => {
    for (const it of ORIGINALS)
      assert.ok(meaningOf(judged(it)), JSON.stringify(judged(it).evidence.reason));
  });

  it(`is refused, or says the same, and nothing of it is kept (REMIT_SEED=${seed})`, () => {
    const random = new Random(seed);
    let accepted = 0;
    let half = 0;
    for (let count = 0; count < CREDENTIALS; count++) {
      if (count === CREDENTIALS >> 1) half = bytesInUse();
      const original = random.pick(ORIGINALS);
      const texts = changed(random, original);
      const verdict = judged(texts);
      const meaning = meaningOf(verdict);
      if (meaning === undefined) continue;
      accepted++;
      const same = meaning === OWN.get(original) || isGenuine(verdict, meaning);
      assert.ok(same, told(meaning, texts, original));
    }
    const growth = bytesInUse() - half;
    console.log(`      ${CREDENTIALS} credentials, ${accepted} accepted, grown by ${growth} bytes`);
    assert.ok(growth < GROWTH_BYTES_MAX, `${growth} bytes more after the second half`);
  });
});

describe('XFCC with what a caller can choose of it', () => {
  const seed = seedOfRun();
  const PIECES = [
    '"',
    '\\',
    '\\"',
    ',',
    ';',
    '=',
    `By=${EDGE}`,
    `URI=${REPORTS}`,
    'Subject="',
    'a',
  ];
  const chosen = (random: Random): string =>
    Array.from({ length: random.below(9) }, () => random.pick(PIECES)).join('');

  it(`names the caller that the enforcer names, or nobody (REMIT_SEED=${seed})`, () => {
    const random = new Random(seed);
    let accepted = 0;
    for (let count = 0; count < CREDENTIALS; count++) {
      // As Envoy writes the subject of a certificate.
      const subject = chosen(random).replaceAll('"', '\\"');
      const before = random.chance(0.5) ? `${chosen(random)},` : '';
      const text = `${before}By=${EDGE};Subject="${subject}";URI=${CHECKOUT}`;
      const { evidence, principal } = judged({ 'x-forwarded-client-cert': text });
      if (evidence.result !== 'verified') continue;
      accepted++;
      assert.equal(principal?.id, CHECKOUT, text);
    }
    assert.ok(accepted > CREDENTIALS / 100, `only ${accepted} accepted`);
  });
});

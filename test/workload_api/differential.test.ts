// What we say of X509-SVIDs and JWT-SVIDs beside what go-spiffe says, and our .proto beside its
// own. Both accept the same, but for what is listed with its reason; and nothing is accepted here
// that is refused there.

import assert from 'node:assert/strict';
import protobuf from 'protobufjs';
import { isFailure } from '../../engine/failure.ts';
import { JwkSet, parseJwkSet } from '../../engine/identity/token/jwk_set.ts';
import { verifyJwtSvid } from '../../engine/identity/token/jwt_svid.ts';
import { readToken } from '../../engine/identity/token/unverified_token.ts';
import {
  AuthoritiesFault,
  readAuthorities,
  TrustBundle,
  TrustBundles,
} from '../../engine/identity/trust_bundles.ts';
import { verifyPeer } from '../../engine/identity/x509_svid.ts';
import { audienceFault, timeFault } from '../../engine/token.ts';
import { protoDirectoryFrom } from '../../proto/load.ts';
import { declared, factsOf, factsOfService } from '../proto/facts.ts';
import { pemOf } from '../support/certificates.ts';
import { certificateCases, ROOTS } from './certificate_cases.ts';
import {
  askGoSpiffe,
  isGoThere,
  protoOfGoSpiffe,
  type TokenQuestion,
  type Verdict,
} from './go_spiffe.ts';
import { AUDIENCE, BUNDLES, SUBJECT, tokenCases } from './token_cases.ts';

/** The SPIFFE ID that a token proves, else undefined. */
type TokenVerifier = (question: TokenQuestion, nowMs: number) => string | undefined;

const nowMs = Date.now();
const certificates = certificateCases();
const tokens = tokenCases(nowMs);

function ourBundles(): TrustBundles {
  const bundles = Object.entries(ROOTS).map(([domain, ders]) => {
    const roots = readAuthorities(pemOf(...ders), 'root');
    assert.ok(!(roots instanceof AuthoritiesFault));
    return [domain, new TrustBundle(roots, [])] as const;
  });
  return new TrustBundles(new Map(bundles));
}

/** @param verifyToken ours; without it go-spiffe is compared with what the cases say */
function compare(verifyToken?: TokenVerifier): void {
  if (!isGoThere()) {
    it.skip('go is missing: certificates and tokens are not compared');
    return;
  }
  let verdicts: readonly Verdict[];

  before(function () {
    this.timeout(600_000);
    const x509 = Object.fromEntries(
      Object.entries(ROOTS).map(([domain, ders]) => [domain, ders.map(inBase64)]),
    );
    verdicts = askGoSpiffe([
      ...certificates.map((it) => ({ chain: it.chain.map(inBase64), x509, nowMs: it.nowMs })),
      ...tokens.map(({ token }) => ({ token, jwt: BUNDLES, audience: AUDIENCE })),
    ]);
  });

  it('are asked about 100 at least, valid and broken ones of both', () => {
    assert.ok(certificates.length + tokens.length >= 100);
    const proved = verdicts.filter(({ id }) => id !== '').length;
    assert.ok(proved >= 30 && proved <= verdicts.length - 30, `${proved} of ${verdicts.length}`);
  });

  const bundles = ourBundles();
  for (const [index, { name, chain, nowMs: at, stricter }] of certificates.entries()) {
    const title = stricter === undefined ? '' : `, but that ours refuses it: ${stricter}`;
    it(`agree on a certificate: ${name}${title}`, () => {
      const [leaf, ...others] = chain;
      const ours = verifyPeer(leaf!, others, bundles, at);
      const id = isFailure(ours) ? '' : ours.id.id;
      const why = isFailure(ours) ? ours.detail : '';
      const { id: theirs, error } = verdicts[index]!;
      if (stricter === undefined) assert.equal(id, theirs, `ours: ${why}; theirs: ${error}`);
      else assert.ok(id === '' && theirs !== '', `no difference: ${error}`);
    });
  }

  for (const [index, { name, token, valid, stricter }] of tokens.entries()) {
    const title = stricter === undefined ? '' : `, but that ours refuses it: ${stricter}`;
    it(`agree on a token: ${name}${title}`, () => {
      const { id: theirs, error } = verdicts[certificates.length + index]!;
      const accepted = valid || stricter !== undefined;
      assert.equal(theirs, accepted ? SUBJECT : '', error);
      const ours = verifyToken?.({ token, jwt: BUNDLES, audience: AUDIENCE }, nowMs);
      if (verifyToken !== undefined) assert.equal(ours, valid ? SUBJECT : undefined);
    });
  }

  it('have the same messages on the wire, but for WIT-SVIDs', () => {
    const ours = protobuf.loadSync(
      `${protoDirectoryFrom(import.meta.dirname)}/spiffe/workload.proto`,
    );
    const theirs = protobuf.loadSync(protoOfGoSpiffe());
    const facts = (root: protobuf.Root) => {
      root.resolveAll();
      const types = [...declared(root).values()].filter(
        ({ fullName }) => !/google|WIT/.test(fullName),
      );
      const methods = factsOfService(root.lookupService('SpiffeWorkloadAPI'));
      return [...factsOf(types), ...methods.filter((fact) => !fact.includes('WIT'))].sort();
    };
    assert.deepEqual(facts(ours), facts(theirs));
    assert.ok(facts(ours).length > 20);
  });
}

describe('go-spiffe and we', () => compare(verifyToken));

/** Ours: signature, claims, time without tolerance, audience. */
function verifyToken({ token, jwt, audience }: TokenQuestion, at: number): string | undefined {
  const sets = new Map<string, JwkSet>();
  for (const [domain, text] of Object.entries(jwt)) {
    const set = parseJwkSet(text, 'jwt-svid');
    assert.ok(set instanceof JwkSet, JSON.stringify(set));
    sets.set(domain, set);
  }
  const read = readToken(token);
  if (isFailure(read)) return undefined;
  const verified = verifyJwtSvid(read, { of: (domain) => sets.get(domain) });
  if (isFailure(verified)) return undefined;
  const fault = timeFault(verified, at, 0) ?? audienceFault(verified, new Set([audience]));
  return fault === undefined ? verified.spiffe?.id : undefined;
}

function inBase64(der: Buffer): string {
  return der.toString('base64');
}

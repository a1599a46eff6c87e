// A real Envoy that sends the certificate of its peer (`include_peer_certificate`): Remit verifies
// it itself (C-110), and does not take Envoy's word for what only the certificate can show.

import assert from 'node:assert/strict';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { issueSvid, type Svid } from '../../demo/pki.ts';
import { type Rig, START_MS_MAX, startRig } from './rig.ts';

const ACCOUNT = '/v1/tenants/acme/accounts/42';
const HOUR_MS = 3_600_000;
const CERTIFICATE = { authz: { includePeerCertificate: true } };

const ISSUER = `
kind: Issuer
metadata: {name: workloads}
spec: {x509: {trustDomain: ${TRUST_DOMAIN}, bundle: ../pki/ca.pem, maxLifetime: 24h}}
`;
const ENFORCER = `
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true,
  asserts: {peer: [principal, certificate, anonymous], destinations: ["*"]}}
`;

let rig: Rig;

/** What Remit said of the caller, and why it refused. */
async function ask(caller: Svid | 'anonymous', listener = 'mtls') {
  const answer = await rig.get(caller, ACCOUNT, listener);
  // An allowed request went on to the upstream, which says what reached it.
  const headers = answer.status === 200 ? JSON.parse(answer.body).headers : answer.headers;
  const { evidence, decision } = await rig.remit().records(headers['x-remit-decision-id']);
  return { status: answer.status, evidence, reason: decision.reasons[0] ?? 'allow' };
}

describe('through a real Envoy that sends certificates', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      listeners: {
        mtls: CERTIFICATE,
        optional: { ...CERTIFICATE, requireClientCertificate: false },
        without: {},
      },
      policies: { 'issuer.yaml': ISSUER, 'enforcer.yaml': ENFORCER },
    });
  });
  after(async () => rig?.stop());

  it('a good SVID is verified, and what it shows stands in the record', async () => {
    const { checkout } = rig.scenario.svids;
    const { evidence } = await ask(checkout);
    assert.equal(evidence.method, 'x509_svid');
    assert.equal(evidence.assurance, 'svid');
    assert.equal(evidence.subject, IDS.checkout);
    assert.match(String(evidence.credential), /^sha256:[0-9a-f]{64}$/);
  });

  const refused: [
    name: string,
    id: string,
    options: Parameters<typeof issueSvid>[2],
    want: string,
  ][] = [
    ['two SPIFFE IDs', IDS.checkout, { extraUris: [IDS.reporting] }, 'authn.invalid_identity'],
    ['a life of 25 hours', IDS.checkout, { lifetimeMs: 25 * HOUR_MS }, 'authn.lifetime_exceeded'],
    ['the ID of another domain', IDS.stranger, {}, 'authn.untrusted_issuer'],
    ['the ID of a whole domain', `spiffe://${TRUST_DOMAIN}`, {}, 'authn.invalid_identity'],
    ['an ID nobody knows', IDS.newcomer, {}, 'authz.unknown_identity'],
  ];
  for (const [name, id, options, want] of refused) {
    it(`an SVID with ${name}, which Envoy lets in, is refused: ${want}`, async () => {
      const answer = await ask(await issueSvid(rig.scenario.ca, id, options));
      assert.equal(answer.status, 403);
      assert.equal(answer.reason, want);
    });
  }

  it('two SPIFFE IDs would have passed for the first one by the principal alone', async () => {
    const two = await issueSvid(rig.scenario.ca, IDS.checkout, { extraUris: [IDS.reporting] });
    const { evidence } = await ask(two, 'without');
    assert.deepEqual([evidence.assurance, evidence.subject], ['asserted', IDS.checkout]);
  });

  it('a peer without a certificate is anonymous', async () => {
    assert.equal((await ask('anonymous', 'optional')).evidence.result, 'anonymous');
  });
});

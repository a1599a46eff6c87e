// Certificates that proxies pass on, through a real Envoy with mTLS (C-010, C-011): XFCC as Envoy
// writes it, and `Client-Cert` (RFC 9440) as a gateway before it writes it. What a client writes
// into these headers makes nobody of him whom he is not.

import assert from 'node:assert/strict';
import { IDS, TRUST_DOMAIN, type Workload } from '../../demo/bundle.ts';
import { issueSvid, type Svid } from '../../demo/pki.ts';
import { type Asked, ask, certificateDigest, derOf } from './asked.ts';
import { type Caller, type Rig, type RigListener, START_MS_MAX, startRig } from './rig.ts';

const ACCOUNT = '/v1/accounts/42';
const GATEWAY = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/gateway`;
const HOUR_MS = 3_600_000;

const BUNDLE = {
  'payments.yaml': `
kind: Service
metadata: {name: payments, namespace: pay}
spec:
  destinations: ["${IDS.payments}"]
  accepts: [x509-svid]
  operations: {account.read: {http: "GET /v1/accounts/{account}", verb: read}}
`,
  'identities.yaml': `
kind: Identity
metadata: {name: checkout}
spec: {spiffe: "${IDS.checkout}"}
---
kind: Identity
metadata: {name: reporting}
spec: {spiffe: "${IDS.reporting}"}
---
kind: Identity
metadata: {name: gateway}
spec: {spiffe: "${GATEWAY}", kind: gateway}
---
kind: Issuer
metadata: {name: workloads}
spec: {x509: {trustDomain: ${TRUST_DOMAIN}, bundle: ../pki/ca.pem, maxLifetime: 24h}}
`,
  'enforcer.yaml': `
kind: Enforcer
metadata: {name: sidecar}
spec: {type: sidecar, identities: ["${IDS.payments}"],
  asserts: {peer: [principal, xfcc, clientCert]}}
---
kind: Enforcer
metadata: {name: gateway}
spec: {type: gateway, identities: ["${GATEWAY}"],
  asserts: {peer: [principal], destinations: ["*"]}}
`,
  'policies.yaml': `
kind: Policy
metadata: {name: accounts, namespace: pay}
spec:
  rules:
  - {id: checkout, effect: permit, from: {principals: ["${IDS.checkout}"]},
    to: {services: [payments], operations: [account.read]}}
`,
};

const SIDECAR = { authz: { server: 'sidecar' } };
const LISTENERS = {
  set: { ...SIDECAR, forwardClientCert: { mode: 'SANITIZE_SET' } },
  set_with_certificate: {
    ...SIDECAR,
    forwardClientCert: { mode: 'SANITIZE_SET', certificate: true },
  },
  append: { ...SIDECAR, forwardClientCert: { mode: 'APPEND_FORWARD' } },
  // The mistake of which docs/authentication.md warns: here the client writes the last element.
  forward: { ...SIDECAR, forwardClientCert: { mode: 'ALWAYS_FORWARD_ONLY' } },
  client_cert: { ...SIDECAR, clientCertHeader: true },
  // Asked by an Enforcer that may assert neither header.
  principal_only: {
    authz: { server: 'gateway' },
    forwardClientCert: { mode: 'ALWAYS_FORWARD_ONLY' },
  },
  // Gateways before the listener `append`, which connect to it with a certificate of their own.
  gateway: {
    serverId: GATEWAY,
    unprotected: true,
    nextHop: 'payments',
    clientCertHeader: true,
    requireClientCertificate: false,
  },
  gateway_by_xfcc: {
    serverId: GATEWAY,
    unprotected: true,
    nextHop: 'payments',
    forwardClientCert: { mode: 'SANITIZE_SET' },
  },
} as const satisfies Record<string, RigListener>;

let rig: Rig;

function send(
  caller: Caller,
  listener: keyof typeof LISTENERS,
  headers: Record<string, string> = {},
): Promise<Asked> {
  return ask(rig, caller, { method: 'GET', path: ACCOUNT, headers }, listener);
}

/** What a client would write who wants to be this one. */
const clientCert = (svid: Svid) => ({ 'client-cert': `:${derOf(svid).toString('base64')}:` });
const xfcc = (text: string) => ({ 'x-forwarded-client-cert': text });

describe('C-010 C-011: through a real Envoy, by a certificate that proxies pass on', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      mtls: { sidecar: IDS.payments, gateway: GATEWAY },
      listeners: LISTENERS,
      nextHops: { payments: { listener: 'append', as: GATEWAY } },
      policies: BUNDLE,
    });
  });
  after(async () => rig?.stop());

  const allowed: [
    name: string,
    listener: keyof typeof LISTENERS,
    shown: [method: string, assurance: string],
    others: string[],
  ][] = [
    ['XFCC with the URI (SANITIZE_SET)', 'set', ['xfcc', 'asserted'], []],
    ['XFCC with the certificate', 'set_with_certificate', ['xfcc', 'svid'], []],
    ['XFCC that is appended (APPEND_FORWARD)', 'append', ['xfcc', 'asserted'], []],
    ['Client-Cert of the listener', 'client_cert', ['client_cert', 'svid'], ['peer_principal']],
    ['Client-Cert of a gateway before it', 'gateway', ['client_cert', 'svid'], ['xfcc']],
  ];
  for (const [name, listener, shown, others] of allowed) {
    it(`a client is allowed by ${name}, and the record says how`, async () => {
      const { checkout } = rig.scenario.svids;
      const asked = await send(checkout, listener);
      assert.equal(asked.reason, 'allow');
      assert.deepEqual(asked.shown, {
        ...{ method: shown[0], assurance: shown[1], binding: undefined },
        credential: certificateDigest(checkout),
      });
      assert.equal(asked.evidence.subject, IDS.checkout);
      assert.deepEqual(
        (asked.evidence.others ?? []).map(({ method }) => method),
        others,
      );
    });

    it(`another one is refused, whoever he writes that he is: by ${name}`, async () => {
      const { checkout } = rig.scenario.svids;
      // In the name of another proxy: an own element or header follows, or takes its place.
      const forged = {
        ...xfcc(`By=${IDS.batch};URI=${IDS.checkout}`),
        ...(listener === 'client_cert' || listener === 'gateway' ? clientCert(checkout) : {}),
      };
      for (const headers of [{}, forged]) {
        const asked = await send('reporting', listener, headers);
        assert.equal(asked.evidence.subject, IDS.reporting);
        assert.deepEqual(
          [asked.reason, asked.status, asked.challenge],
          ['authz.no_match', 403, undefined],
        );
      }
    });
  }

  const certified: [name: string, id: string, options: object, want: string][] = [
    ['of another domain', IDS.stranger, {}, 'authn.untrusted_issuer'],
    ['with two IDs', IDS.checkout, { extraUris: [IDS.reporting] }, 'authn.invalid_identity'],
    ['of 25 hours', IDS.checkout, { lifetimeMs: 25 * HOUR_MS }, 'authn.lifetime_exceeded'],
  ];
  for (const [name, id, options, want] of certified) {
    it(`a certificate ${name} is verified and refused where it is passed on: ${want}`, async () => {
      const svid = await issueSvid(rig.scenario.ca, id, options);
      for (const listener of ['set_with_certificate', 'client_cert', 'gateway'] as const) {
        const { reason, status } = await send(svid, listener);
        assert.deepEqual([reason, status], [want, 403], listener);
      }
    });
  }

  const forged: [
    name: string,
    listener: keyof typeof LISTENERS,
    headers: () => Record<string, string>,
    want: string,
  ][] = [
    [
      'an element in the name of the Enforcer, before its own',
      'append',
      () => xfcc(`By=${IDS.payments};URI=${IDS.checkout}`),
      'authn.invalid_identity',
    ],
    [
      'an element in the name of the Enforcer, which forwards it',
      'forward',
      () => xfcc(`By=${IDS.payments};URI=${IDS.checkout}`),
      'authn.identity_conflict',
    ],
    [
      'an element in the name of another proxy, which is forwarded',
      'forward',
      () => xfcc(`By=${GATEWAY};URI=${IDS.checkout}`),
      'authn.untrusted_issuer',
    ],
    [
      'the certificate of another workload, as a gateway would',
      'append',
      () => clientCert(rig.scenario.svids.checkout),
      'authn.identity_conflict',
    ],
  ];
  for (const [name, listener, headers, want] of forged) {
    it(`a workload that writes ${name}, is refused: ${want} (C-059)`, async () => {
      const { reason, status, evidence } = await send('reporting', listener, headers());
      assert.deepEqual([reason, status, evidence.result], [want, 403, 'failed']);
    });
  }

  it('an Enforcer that may assert neither is told nothing by these headers', async () => {
    const { checkout } = rig.scenario.svids;
    const headers = { ...xfcc(`By=${GATEWAY};URI=${IDS.checkout}`), ...clientCert(checkout) };
    const rows: [Workload, string][] = [
      ['reporting', 'authz.no_match'],
      ['checkout', 'allow'],
    ];
    for (const [who, want] of rows) {
      const { reason, evidence } = await send(who, 'principal_only', headers);
      assert.deepEqual([reason, evidence.method], [want, 'peer_principal']);
      assert.equal(evidence.subject, IDS[who]);
    }
  });

  it('the client of a gateway is read by nobody from an element before the last', async () => {
    const { reason, evidence } = await send('checkout', 'gateway_by_xfcc');
    assert.equal(reason, 'authz.no_match');
    assert.deepEqual([evidence.method, evidence.subject], ['xfcc', GATEWAY]);
  });

  it('a client without a certificate is the gateway, which may do nothing by itself', async () => {
    const headers = clientCert(rig.scenario.svids.checkout);
    const { reason, evidence } = await send('anonymous', 'gateway', headers);
    assert.equal(reason, 'authz.no_match');
    assert.deepEqual([evidence.method, evidence.subject], ['xfcc', GATEWAY]);
  });
});

// Tokens that are bound to a key, through a real Envoy with mTLS (C-047, C-059): good with the
// proof that they name, and worth nothing to whoever stole them or reads a proof off the wire.

import assert from 'node:assert/strict';
import { IDS, type Workload } from '../../demo/bundle.ts';
import { issueSvid, type Svid } from '../../demo/pki.ts';
import { type Asked, ask, certificateDigest, tokenDigest } from './asked.ts';
import {
  ACCOUNT,
  AGENT,
  CREDENTIAL_BUNDLE,
  EDGE,
  EXPORT,
  PAYMENTS_ORIGIN as PAYMENTS,
} from './credential_mesh.ts';
import {
  accessToken,
  boundToCertificate,
  boundToKey,
  CLIENT_KEY,
  dpopProof,
  THIEF_KEY,
  wit,
  wpt,
} from './credential_tokens.ts';
import { type Rig, START_MS_MAX, startRig } from './rig.ts';

const URI = PAYMENTS + ACCOUNT;
const INVALID = 'Bearer error="invalid_token"';

let rig: Rig;
/** Clients of Envoy besides the demo's: a gateway, whose certificate grants nothing, an agent. */
let own: Readonly<Record<'edge' | 'agent', Svid>>;

type Who = Workload | 'edge' | 'agent';
const svidOf = (who: Who) =>
  who === 'edge' || who === 'agent' ? own[who] : rig.scenario.svids[who];

function send(
  who: Who,
  headers: Record<string, string>,
  path = ACCOUNT,
  listener?: string,
): Promise<Asked> {
  return ask(rig, svidOf(who), { method: 'GET', path, headers }, listener);
}

/** Reason, status and challenge; the list of algorithms is that of the product. */
function toldOf({ reason, status, challenge }: Asked): unknown[] {
  return [reason, status, challenge?.replace(/algs="[^"]+"/, 'algs="…"')];
}

describe('C-011 C-059: through a real Envoy, by a token that is bound to a key', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      listeners: {
        mtls: { authz: { includePeerCertificate: true } },
        // Before `mtls`, with a certificate of its own and the client's in a header.
        gateway: { serverId: EDGE, unprotected: true, nextHop: 'mtls', clientCertHeader: true },
      },
      nextHops: { mtls: { listener: 'mtls', as: EDGE } },
      policies: CREDENTIAL_BUNDLE,
    });
    const { ca } = rig.scenario;
    own = { edge: await issueSvid(ca, EDGE), agent: await issueSvid(ca, AGENT) };
  });
  after(async () => rig?.stop());

  describe('a token that is bound to a certificate (RFC 8705)', () => {
    const tokenOf = (who: Workload) =>
      accessToken('batch', PAYMENTS, boundToCertificate(rig.scenario.svids[who]));
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

    it('is allowed over the connection of that certificate, and is the strongest proof', async () => {
      const token = tokenOf('batch');
      const { reason, shown, evidence } = await send('batch', bearer(token), EXPORT);
      assert.equal(reason, 'allow');
      assert.deepEqual(shown, {
        ...{ method: 'x509_svid', assurance: 'bound', binding: 'certificate' },
        credential: certificateDigest(rig.scenario.svids.batch),
      });
      assert.deepEqual(
        evidence.others?.map(({ method, credential }) => [method, credential]),
        [['jwt', tokenDigest(token)]],
      );
    });

    for (const thief of ['reporting', 'agent', 'edge'] as const) {
      it(`is refused from another workload, stolen: ${thief} (C-047)`, async () => {
        const token = tokenOf('batch');
        const asked = await send(thief, bearer(token));
        assert.deepEqual(toldOf(asked), ['authn.binding', 401, INVALID]);
        assert.equal(asked.evidence.result, 'failed');
        assert.equal(asked.evidence.credential, tokenDigest(token));
      });
    }

    it('is allowed through a gateway that passes the certificate on, to its holder alone', async () => {
      const headers = bearer(tokenOf('batch'));
      const { reason, shown } = await send('batch', headers, ACCOUNT, 'gateway');
      assert.equal(reason, 'allow');
      assert.deepEqual(shown, {
        ...{ method: 'client_cert', assurance: 'bound', binding: 'certificate' },
        credential: certificateDigest(rig.scenario.svids.batch),
      });
      const stolen = await send('reporting', headers, ACCOUNT, 'gateway');
      assert.deepEqual(toldOf(stolen), ['authn.binding', 401, INVALID]);
    });

    it('is refused from its subject with a certificate that it does not name', async () => {
      const asked = await send('batch', bearer(tokenOf('reporting')));
      assert.deepEqual(toldOf(asked), ['authn.binding', 401, INVALID]);
    });
  });

  describe('a token with DPoP (RFC 9449)', () => {
    const make = () => accessToken('app', PAYMENTS, boundToKey(CLIENT_KEY));
    const shown = (token: string, dpop: string) => ({ authorization: `DPoP ${token}`, dpop });
    const PROOF = 'DPoP error="invalid_dpop_proof", algs="…", Bearer';

    it('is allowed with a proof of its key', async () => {
      const token = make();
      const asked = await send('edge', shown(token, dpopProof(token, URI)));
      assert.equal(asked.reason, 'allow');
      const credential = tokenDigest(token);
      const want = { method: 'jwt', assurance: 'bound', binding: 'dpop', credential };
      assert.deepEqual(asked.shown, want);
    });

    it('is refused with a proof that was used before: authn.replay', async () => {
      const token = make();
      const headers = shown(token, dpopProof(token, URI));
      assert.equal((await send('edge', headers)).reason, 'allow');
      for (const thief of ['edge', 'reporting'] as const) {
        const asked = await send(thief, headers);
        assert.deepEqual(toldOf(asked), ['authn.replay', 401, PROOF]);
      }
      // Another proof for the same token is good.
      assert.equal((await send('edge', shown(token, dpopProof(token, URI)))).reason, 'allow');
    });

    const refused: [
      name: string,
      headers: (token: string) => Record<string, string>,
      to: string,
    ][] = [
      ['as a bearer token', (it) => ({ authorization: `Bearer ${it}` }), INVALID],
      [
        'with a proof by the key of a thief',
        (it) => shown(it, dpopProof(it, URI, {}, THIEF_KEY)),
        PROOF,
      ],
      ['with a proof for a write', (it) => shown(it, dpopProof(it, URI, { htm: 'POST' })), PROOF],
      ['with a proof for another URI', (it) => shown(it, dpopProof(it, `${URI}3`)), PROOF],
      ['with a proof for another token', (it) => shown(it, dpopProof(make(), URI)), PROOF],
    ];
    for (const [name, headers, challenge] of refused) {
      it(`is refused ${name}: authn.binding`, async () => {
        const asked = await send('edge', headers(make()));
        assert.deepEqual(toldOf(asked), ['authn.binding', 401, challenge]);
        assert.equal(asked.evidence.result, 'failed');
      });
    }

    it('reaches confidential data, which the same claims as a bearer token do not (C-092)', async () => {
      const plain = await send(
        'edge',
        { authorization: `Bearer ${accessToken('app', PAYMENTS)}` },
        EXPORT,
      );
      const stepUp = 'Bearer error="insufficient_user_authentication"';
      assert.deepEqual(toldOf(plain), ['authn.assurance', 401, stepUp]);
      assert.equal(plain.evidence.assurance, 'bearer');
      const token = make();
      const proof = dpopProof(token, PAYMENTS + EXPORT);
      assert.equal((await send('edge', shown(token, proof), EXPORT)).reason, 'allow');
    });
  });

  describe('a WIT with a WPT (WIMSE)', () => {
    const shown = (text: string, proof: string) => ({
      'workload-identity-token': text,
      'workload-proof-token': proof,
    });

    for (const who of ['edge', 'checkout'] as const) {
      it(`is allowed over the connection of ${who}`, async () => {
        const text = wit(IDS.checkout);
        const asked = await send(who, shown(text, wpt(text, URI)));
        assert.equal(asked.reason, 'allow');
        assert.deepEqual([asked.shown.assurance, asked.shown.binding], ['bound', 'wpt']);
        const { method, credential, others = [] } = asked.evidence;
        const all = [{ method, credential }, ...others];
        assert.ok(all.some((it) => it.method === 'wit' && it.credential === tokenDigest(text)));
      });
    }

    const refused: [name: string, who: Who, proof: (wit: string) => string, want: string][] = [
      ['by the key of a thief', 'edge', (it) => wpt(it, URI, {}, THIEF_KEY), 'authn.invalid_token'],
      ['for another URI', 'edge', (it) => wpt(it, `${URI}3`), 'authn.binding'],
      ['for another WIT', 'edge', () => wpt(wit(IDS.checkout), URI), 'authn.binding'],
      ['of another workload', 'reporting', (it) => wpt(it, URI), 'authn.identity_conflict'],
    ];
    // WIMSE wants no 401 for any of them.
    for (const [name, who, proof, want] of refused) {
      it(`is refused with a proof ${name}: ${want}`, async () => {
        const text = wit(IDS.checkout);
        const asked = await send(who, shown(text, proof(text)));
        assert.deepEqual(toldOf(asked), [want, 403, undefined]);
      });
    }

    it('is refused without a proof: authn.binding', async () => {
      const asked = await send('edge', { 'workload-identity-token': wit(IDS.checkout) });
      assert.deepEqual(toldOf(asked), ['authn.binding', 403, undefined]);
    });

    it('is refused with a proof that was used before: authn.replay', async () => {
      const text = wit(IDS.checkout);
      const headers = shown(text, wpt(text, URI));
      assert.equal((await send('edge', headers)).reason, 'allow');
      assert.deepEqual(toldOf(await send('edge', headers)), ['authn.replay', 403, undefined]);
    });
  });

  describe('the token of a human', () => {
    const of = (act: object) => ({
      authorization: `Bearer ${accessToken('alice', PAYMENTS, { ...act })}`,
    });

    it('from an agent is refused, unless it names the agent as the one who acts (C-055)', async () => {
      const without = await send('agent', of({}));
      assert.deepEqual(toldOf(without), ['authn.wrong_principal_kind', 403, undefined]);
      const acting = await send('agent', of({ act: { sub: AGENT } }));
      assert.equal(acting.reason, 'allow');
      assert.deepEqual([acting.evidence.method, acting.evidence.subject], ['x509_svid', AGENT]);
    });

    it('that names another agent is refused (C-047)', async () => {
      const other = await send('agent', of({ act: { sub: IDS.reporting } }));
      assert.deepEqual(toldOf(other), ['authn.identity_conflict', 403, undefined]);
    });
  });
});

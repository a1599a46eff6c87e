// Tokens and keys through a real Envoy with mTLS (C-010, C-011): each kind allowed and refused,
// what the evidence says of it, and the challenge as it arrives at the client (docs/challenges.md).
// The client of Envoy is a gateway, whose own certificate grants nothing, unless a row says
// otherwise.

import assert from 'node:assert/strict';
import * as grpc from '@grpc/grpc-js';
import { IDS } from '../../demo/bundle.ts';
import { JWT_AUTHN } from '../../demo/envoy_credentials.ts';
import { issueSvid, type Svid } from '../../demo/pki.ts';
import { ask, certificateDigest, tokenDigest } from './asked.ts';
import {
  ACCOUNT,
  API_KEY,
  CI_SUBJECT,
  CREDENTIAL_BUNDLE,
  EDGE,
  EXPORT,
  PAYMENTS_ORIGIN as PAYMENTS,
  REPORT,
  REPORTS_ORIGIN as REPORTS,
  RESOURCE_METADATA,
} from './credential_mesh.ts';
import {
  accessToken,
  ciToken,
  EXPIRED,
  jwtSvid,
  keySet,
  SIGNERS,
  THIEF_KEY,
  transactionToken,
} from './credential_tokens.ts';
import { type Caller, type Rig, START_MS_MAX, startRig } from './rig.ts';

const CERTIFICATE = { includePeerCertificate: true };
const VERIFIES = { issuer: SIGNERS.idp.issuer, jwks: keySet(SIGNERS.idp) };
const METADATA = { authz: { ...CERTIFICATE, metadataNamespaces: [JWT_AUTHN] } };
const INVALID = 'Bearer error="invalid_token"';

let rig: Rig;
let edge: Svid;

const get = (headers: Record<string, string>, path = ACCOUNT) => ({ method: 'GET', path, headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Who calls Envoy; `edge` unless a row says otherwise. */
const peer = (who: Caller | 'edge' = 'edge') => (who === 'edge' ? edge : who);

describe('C-010 C-011: through a real Envoy, by a token or key', () => {
  before(async function () {
    this.timeout(START_MS_MAX);
    rig = await startRig({
      listeners: {
        mtls: { authz: CERTIFICATE },
        optional: { authz: CERTIFICATE, requireClientCertificate: false },
        reports: { authz: CERTIFICATE, serverId: IDS.reporting },
        verifies: { ...METADATA, jwtAuthn: VERIFIES },
        forwards: { ...METADATA, jwtAuthn: { ...VERIFIES, forward: true } },
      },
      policies: CREDENTIAL_BUNDLE,
    });
    edge = await issueSvid(rig.scenario.ca, EDGE);
  });
  after(async () => rig?.stop());

  const allowed: readonly {
    readonly name: string;
    /** Made when it is sent: it lives for minutes. */
    readonly text: () => string;
    readonly header?: string;
    readonly listener?: string;
    readonly shown: readonly [method: string, assurance: string, binding: string | undefined];
    readonly subject: string;
    readonly others?: readonly string[];
  }[] = [
    {
      name: 'an access token',
      text: () => accessToken('app', PAYMENTS),
      shown: ['jwt', 'bearer', 'none'],
      subject: 'app',
    },
    {
      name: 'the token of a CI job',
      text: () => ciToken(CI_SUBJECT, PAYMENTS),
      shown: ['jwt', 'bearer', 'none'],
      subject: CI_SUBJECT,
    },
    {
      name: 'a JWT-SVID',
      text: () => jwtSvid(IDS.checkout, PAYMENTS),
      shown: ['jwt_svid', 'bearer', 'none'],
      subject: IDS.checkout,
    },
    {
      name: 'an API key',
      text: () => API_KEY,
      header: 'x-api-key',
      shown: ['api_key', 'apikey', undefined],
      subject: 'backup',
    },
    {
      name: 'the claims of a token that Envoy verified and kept',
      text: () => accessToken('app', PAYMENTS),
      listener: 'verifies',
      shown: ['jwt_metadata', 'bearer', 'none'],
      subject: 'app',
    },
    {
      name: 'a token that Envoy verified and passed on, which counts itself',
      text: () => accessToken('app', PAYMENTS),
      listener: 'forwards',
      shown: ['jwt', 'bearer', 'none'],
      subject: 'app',
      others: ['x509_svid', 'jwt_metadata'],
    },
  ];
  for (const { name, text: make, header, listener, shown, subject, others } of allowed) {
    it(`${name} is allowed, and no more is said of it than it proves`, async () => {
      const text = make();
      const headers = header === undefined ? bearer(text) : { [header]: text };
      const asked = await ask(rig, edge, get(headers), listener);
      assert.equal(asked.reason, 'allow');
      const { method, assurance, binding, credential } = asked.shown;
      assert.deepEqual([method, assurance, binding], shown);
      assert.equal(asked.evidence.subject, subject);
      const beside = asked.evidence.others ?? [];
      assert.deepEqual(
        beside.map((it) => it.method),
        others ?? ['x509_svid'],
      );
      assert.deepEqual(beside[0]?.credential, certificateDigest(edge));
      if (header !== undefined) assert.match(String(credential), /^hmac-sha256:[0-9a-f]{64}$/);
      // Claims that Envoy passes on come without the text of their token.
      else assert.equal(credential, method === 'jwt_metadata' ? null : tokenDigest(text));
      assert.ok(!asked.recordsText.includes(text), 'the credential itself stands in a record');
    });
  }

  it('a transaction token beside a certificate is context, and names nobody', async () => {
    const { checkout } = rig.scenario.svids;
    const text = transactionToken(IDS.checkout);
    const { reason, evidence } = await ask(rig, checkout, get({ 'txn-token': text }));
    assert.equal(reason, 'allow');
    assert.deepEqual([evidence.method, evidence.assurance], ['x509_svid', 'svid']);
    assert.deepEqual(
      evidence.others?.map(({ method, credential }) => [method, credential]),
      [['jwt', tokenDigest(text)]],
    );
    const alone = await ask(rig, 'anonymous', get({ 'txn-token': text }), 'optional');
    assert.equal(alone.reason, 'authn.missing');
  });

  const refused: readonly {
    readonly name: string;
    readonly headers: () => Record<string, string>;
    readonly caller?: Caller;
    readonly listener?: string;
    readonly path?: string;
    readonly want: readonly [reason: string, status: number, challenge?: string];
    /** What the record says it was; default `jwt`. */
    readonly method?: string;
  }[] = [
    {
      name: 'nothing at all',
      headers: () => ({}),
      caller: 'anonymous',
      listener: 'optional',
      want: ['authn.missing', 401, 'Bearer'],
      method: 'none',
    },
    {
      name: 'the certificate of the gateway alone',
      headers: () => ({}),
      want: ['authz.no_match', 403],
      method: 'x509_svid',
    },
    {
      name: 'an access token that expired',
      headers: () => bearer(accessToken('app', PAYMENTS, EXPIRED())),
      want: ['authn.expired', 401, INVALID],
    },
    {
      name: 'an access token by a key of somebody else',
      headers: () => bearer(accessToken('app', PAYMENTS, {}, THIEF_KEY)),
      want: ['authn.invalid_token', 401, INVALID],
    },
    {
      name: 'an access token of another workload, stolen (C-059)',
      headers: () => bearer(accessToken('app', PAYMENTS)),
      caller: 'reporting',
      want: ['authn.identity_conflict', 403],
    },
    {
      name: 'the token of a CI job of another branch',
      headers: () => bearer(ciToken(`${CI_SUBJECT}-too`, PAYMENTS)),
      want: ['authz.unknown_identity', 403],
    },
    {
      name: 'the token of a CI job that lives for two hours',
      headers: () =>
        bearer(ciToken(CI_SUBJECT, PAYMENTS, { exp: Math.floor(Date.now() / 1000) + 7200 })),
      want: ['authn.lifetime_exceeded', 401, INVALID],
    },
    {
      name: 'a JWT-SVID for another service',
      headers: () => bearer(jwtSvid(IDS.checkout, REPORTS)),
      want: ['authn.audience', 401, INVALID],
      method: 'jwt_svid',
    },
    {
      name: 'a JWT-SVID of another trust domain',
      headers: () => bearer(jwtSvid(IDS.stranger, PAYMENTS)),
      want: ['authn.untrusted_issuer', 401, INVALID],
    },
    {
      name: 'another API key',
      headers: () => ({ 'x-api-key': API_KEY.toLowerCase() }),
      want: ['authn.untrusted_issuer', 401, 'Bearer'],
      method: 'api_key',
    },
    {
      name: 'an API key where more is needed (C-084)',
      headers: () => ({ 'x-api-key': API_KEY }),
      path: EXPORT,
      want: ['authn.assurance', 401, 'Bearer error="insufficient_user_authentication"'],
      method: 'api_key',
    },
    {
      name: 'a transaction token of another trust domain',
      headers: () => ({ 'txn-token': transactionToken(IDS.checkout, { aud: 'other.example' }) }),
      caller: 'checkout',
      want: ['authn.audience', 403],
    },
    {
      name: 'claims that Envoy verified, for another service',
      headers: () => bearer(accessToken('app', REPORTS)),
      listener: 'verifies',
      want: ['authn.audience', 401, INVALID],
      method: 'jwt_metadata',
    },
    {
      name: 'claims that Envoy verified, of nobody we know',
      headers: () => bearer(accessToken('nobody', PAYMENTS)),
      listener: 'verifies',
      want: ['authz.unknown_identity', 403],
      method: 'jwt_metadata',
    },
  ];
  for (const { name, headers: make, caller, listener, path, want, method } of refused) {
    it(`${name} is refused: ${want[0]}`, async () => {
      const headers = make();
      const asked = await ask(rig, peer(caller), get(headers, path), listener);
      assert.deepEqual([asked.reason, asked.status, asked.challenge], [want[0], want[1], want[2]]);
      assert.equal(asked.evidence.method, method ?? 'jwt');
      for (const text of Object.values(headers)) {
        assert.ok(!asked.recordsText.includes(text.replace('Bearer ', '')));
      }
    });
  }

  it('a token that Envoy itself refuses is refused there, and Remit is not asked', async () => {
    const before = rig.received();
    const headers = bearer(accessToken('app', PAYMENTS, {}, THIEF_KEY));
    const answer = await rig.http(edge, get(headers), 'verifies');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['x-remit-decision-id'], undefined);
    assert.equal(rig.received(), before);
  });

  it('a token for one service is refused at the other, and says whom to ask (C-099)', async () => {
    const rows = [
      [PAYMENTS, 'mtls', ACCOUNT, 'allow', undefined],
      [REPORTS, 'mtls', ACCOUNT, 'authn.audience', INVALID],
      [REPORTS, 'reports', REPORT, 'allow', undefined],
      [
        ...[PAYMENTS, 'reports', REPORT, 'authn.audience'],
        `${INVALID}, resource_metadata="${RESOURCE_METADATA}"`,
      ],
    ] as const;
    for (const [audience, listener, path, reason, challenge] of rows) {
      const headers = bearer(accessToken('app', String(audience)));
      const asked = await ask(rig, edge, get(headers, path), listener);
      assert.deepEqual([asked.reason, asked.challenge], [reason, challenge]);
    }
  });

  it('a gRPC client is challenged by the same header, with status 16', async () => {
    const call = (token: string) =>
      rig.grpc(edge, { method: 'GetBalance', account: '42', metadata: bearer(token) });
    assert.equal((await call(accessToken('app', PAYMENTS))).code, grpc.status.OK);
    const refused = await call(accessToken('app', REPORTS));
    assert.equal(refused.code, grpc.status.UNAUTHENTICATED);
    assert.deepEqual(refused.metadata.get('www-authenticate'), [INVALID]);
  });
});

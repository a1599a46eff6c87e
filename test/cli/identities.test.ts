// `remit identities`: the bins (C-069), with lifetime and scope as two columns (C-065), rotation
// (C-068), who shares what (C-083, C-085), and what is not yet known.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { decisionLine, evidenceLine, type Shown } from '../audit/evidence_lines.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';

const id = (name: string) => `spiffe://mesh.example/ns/${name}`;
const CHECKOUT = id('shop/sa/checkout');
const REPORTS = id('bi/sa/reports');
const LEGACY = id('old/sa/legacy');
const BATCH = id('jobs/sa/batch');
const EDGE = id('edge/sa/gateway');
const STRANGER = id('who/sa/stranger');
const ISSUER = 'https://ci.example';

const BUNDLE: Readonly<Record<string, string>> = {
  'identities.yaml': `
kind: Identity
metadata: {name: checkout, namespace: shop, owner: team-shop}
spec: {spiffe: "${CHECKOUT}", environment: prod}
---
kind: Identity
metadata: {name: reports, namespace: bi, owner: team-bi}
spec: {spiffe: "${REPORTS}", environment: prod, ceiling: {verbs: [read]}}
---
kind: Identity
metadata: {name: legacy, namespace: old, owner: team-old}
spec: {spiffe: "${LEGACY}"}
---
kind: Identity
metadata: {name: batch, namespace: jobs, owner: team-jobs}
spec: {spiffe: "${BATCH}", maxLifetime: 1h, audiences: [pay/ledger]}
---
kind: Identity
metadata: {name: edge, namespace: edge, owner: team-edge}
spec: {spiffe: "${EDGE}", kind: gateway, environment: staging}
---
kind: Identity
metadata: {name: bot, namespace: ci, owner: team-ci}
spec: {issuer: ci, subject: bot, kind: ci}
---
kind: Issuer
metadata: {name: ci}
spec: {jwt: {issuer: "${ISSUER}", jwks: {file: ./keys.json}, audiences: [remit], algorithms: [ES256],
  maxLifetime: 1h}}
`,
  'services.yaml': `
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay}
spec:
  environment: prod
  operations:
    account.read: {http: "GET /v1/accounts/{account}", resource: "account/{path.account}"}
    refund.create: {http: "POST /v1/accounts/{account}/refunds", resource: "account/{path.account}"}
`,
  'policies.yaml': `
kind: Policy
metadata: {name: p, namespace: pay}
spec:
  rules:
  - {id: all, effect: permit, from: {principals: ["${CHECKOUT}", "${REPORTS}"]},
     to: {operations: [account.read, refund.create]}}
  - {id: jobs, effect: permit, from: {principals: ["${BATCH}"]}, to: {operations: [account.read]}}
`,
};

const FIRST = '2026-08-01T00:00:00Z';
const LAST = '2026-12-01T12:00:00Z';
const HOUR = { notBefore: '2026-12-01T11:30:00.000Z', notAfter: '2026-12-01T12:30:00.000Z' };
const svid = (subject: string, more: Partial<Shown> = {}): Shown => ({
  ...{ subject, credential: `sha256:${subject}`, keyThumbprint: `sha256:k ${subject}`, ...HOUR },
  ...more,
});
const token = (workload: string): Shown => ({
  ...{ method: 'jwt', subject: 'bot', issuer: ISSUER, credential: 'sha256:token', ...HOUR },
  others: [{ ...svid(workload), method: 'x509_svid', kind: null, issuer: 'mesh.example' }],
});

const EVIDENCE = [
  evidenceLine(FIRST, svid(CHECKOUT, { credential: 'sha256:before', keyThumbprint: 'sha256:k' })),
  evidenceLine(FIRST, svid(EDGE)),
  evidenceLine(LAST, svid(CHECKOUT)),
  evidenceLine(LAST, svid(REPORTS)),
  evidenceLine(LAST, svid(STRANGER)),
  evidenceLine(LAST, svid(BATCH, { notBefore: '2026-11-01T00:00:00.000Z' })),
  evidenceLine(LAST, token(CHECKOUT)),
  evidenceLine(LAST, token(EDGE)),
];
const used = (principal: string, operation: string) =>
  decisionLine(LAST, { principal, operation: `pay/payments/${operation}` });
const DECISIONS = [
  used(CHECKOUT, 'account.read'),
  used(CHECKOUT, 'refund.create'),
  used(REPORTS, 'account.read'),
];

interface Row {
  readonly identity: string;
  readonly bins: readonly string[];
  readonly lifetime: Readonly<Record<string, unknown>>;
  readonly scope: Readonly<Record<string, unknown>> | null;
  readonly sources: Readonly<Record<string, unknown>>;
  readonly seen: { readonly rotations: number } | null;
}

describe('remit identities --records', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    mkdirSync(folder.at('policies'));
    for (const [name, text] of Object.entries(BUNDLE)) folder.write(`policies/${name}`, text);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' };
    folder.write('policies/keys.json', JSON.stringify({ keys: [key] }));
    folder.write('evidence.ndjson', EVIDENCE.join(''));
    folder.write('decisions.ndjson', DECISIONS.join(''));
    folder.write('shared.ndjson', EVIDENCE.join('') + evidenceLine(LAST, token(REPORTS)));
    folder.write('recent.ndjson', EVIDENCE.slice(2).join(''));
    folder.write('open.ndjson', EVIDENCE.join('').trimEnd());
  });
  const run = (...args: string[]) =>
    commands.run(['identities', '--records', ...args], folder.path);
  const list = async (...args: string[]): Promise<Map<string, Row>> => {
    const { code, stdout, stderr } = await run(...args, '--format', 'json');
    assert.equal(stderr.replace(/^.*warning.*\n/gm, ''), '');
    assert.equal(code, 0);
    const { identities } = JSON.parse(stdout) as { identities: Row[] };
    return new Map(identities.map((row) => [row.identity, row]));
  };
  const binsOf = (rows: Map<string, Row>) =>
    Object.fromEntries([...rows].map(([name, { bins }]) => [name, bins.join(' ')]));
  const BOTH = ['evidence.ndjson', 'decisions.ndjson', '--policies', 'policies'];

  it('puts each into its bins (C-069)', async () => {
    assert.deepEqual(binsOf(await list(...BOTH)), {
      [CHECKOUT]: 'authenticated',
      [REPORTS]: 'authenticated over-privileged',
      [LEGACY]: 'forgotten',
      [BATCH]: 'authenticated over-long-lived over-privileged',
      [EDGE]: 'authenticated',
      [STRANGER]: 'unknown',
      'ci#bot': 'authenticated',
    });
  });

  it('tells lifetime and scope apart, and which part of it is too much (C-065)', async () => {
    const rows = await list(...BOTH);
    const reports = rows.get(REPORTS)!;
    assert.deepEqual(reports.lifetime, {
      ...{ longestS: 3600, oldestAgeS: 1800, limitS: 86_400 },
      overLimit: [],
    });
    assert.deepEqual(reports.scope, {
      ...{ operations: 1, changing: 0, beyondAudiences: [], unused: [] },
      beyondCeiling: ['pay/payments/refund.create (write, internal)'],
    });
    const batch = rows.get(BATCH)!;
    assert.deepEqual(batch.lifetime['overLimit'], ['age', 'lifetime']);
    assert.equal(batch.lifetime['limitS'], 3600);
    assert.deepEqual(batch.scope?.['beyondAudiences'], ['pay/payments/account.read']);
  });

  it('tells what nobody used, once somebody has looked for long enough', async () => {
    const only = ['evidence.ndjson', 'decisions.ndjson', '--policies', 'policies'];
    const rows = await list(...only, '--forgotten-after', '1d');
    assert.deepEqual(rows.get(CHECKOUT)?.scope?.['unused'], []);
    const short = await list(...only, '--forgotten-after', '200d');
    assert.equal(short.get(CHECKOUT)?.scope?.['unused'], null);
    const without = await list('evidence.ndjson', '--policies', 'policies');
    assert.equal(without.get(CHECKOUT)?.scope?.['unused'], null, 'no decisions, no use known');
  });

  it('calls nobody forgotten before it has looked for long enough', async () => {
    const rows = await list('recent.ndjson', '--policies', 'policies');
    assert.deepEqual(rows.get(LEGACY)?.bins, []);
    const later = await list(
      ...['recent.ndjson', '--policies', 'policies', '--at', '2027-06-01T00:00:00Z'],
    );
    assert.deepEqual(later.get(LEGACY)?.bins, ['forgotten']);
    assert.deepEqual(later.get(CHECKOUT)?.bins, ['forgotten']);
  });

  it('finds what several workloads show, but for gateways (C-083 C-085)', async () => {
    const rows = await list('shared.ndjson', '--policies', 'policies');
    const { bins, sources } = rows.get('ci#bot')!;
    assert.deepEqual(bins, ['authenticated', 'shared']);
    assert.deepEqual(sources, {
      declaredShared: false,
      workloads: [CHECKOUT, EDGE, REPORTS].sort(),
      enforcers: ['gateway'],
      namespaces: ['bi', 'edge', 'shop'],
      environments: ['prod', 'staging'],
    });
  });

  it('knows rotations (C-068)', async () => {
    const rows = await list(...BOTH);
    assert.equal(rows.get(CHECKOUT)?.seen?.rotations, 1);
    assert.equal(rows.get(REPORTS)?.seen?.rotations, 0);
  });

  it('does without policies, and says what it then does not know', async () => {
    const rows = await list('open.ndjson');
    assert.equal(rows.get(STRANGER)?.bins.join(), 'authenticated');
    assert.equal(rows.get(STRANGER)?.scope, null);
    assert.equal(rows.get(`${ISSUER}#bot`)?.bins.join(), 'authenticated,shared');
    assert.match((await run('open.ndjson')).stdout, /without policies nobody is known/);
  });

  it('is text with two columns', async () => {
    const { stdout } = await run(...BOTH, '--bin', 'over-long-lived');
    assert.match(stdout, /records of 122\.5d, since 2026-08-01T00:00:00\.000Z\n/);
    assert.match(
      stdout,
      /^ {2}lifetime: {2}lives 30\.5d, age 30\.5d; age and lifetime over 1h\n {2}scope: {5}reaches 0 \(0 change something\); beyond its audiences: pay\/payments\/account\.read$/m,
    );
    assert.doesNotMatch(stdout, /checkout/);
    assert.match(stdout, /^authenticated 5, over-long-lived 1, over-privileged 2, forgotten 1/m);
  });

  it('lets no subject write lines of its own, or a formula', async () => {
    const subject = '=1+1\n  bins:      authenticated\u001b[2J';
    folder.write('evil.ndjson', evidenceLine(LAST, { ...token(CHECKOUT), issuer: '=x', subject }));
    const { stdout } = await run('evil.ndjson');
    assert.doesNotMatch(stdout, /^ {2}bins: {6}authenticated.*J/m);
    assert.ok(!stdout.includes('\u001b'));
    assert.match((await run('evil.ndjson', '--format', 'csv')).stdout, /^"?'=x#=1\+1/m);
  });

  it('is CSV with a line for each', async () => {
    const { stdout } = await run(...BOTH, '--format', 'csv');
    const lines = stdout.trimEnd().split('\r\n');
    assert.equal(lines.length, 8);
    assert.match(lines[0]!, /^identity,kind,owner,bins,lifetime,longestS,oldestAgeS,limitS,scope,/);
    assert.equal(new Set(lines.slice(0, 1).map((line) => line.split(',').length)).size, 1);
  });

  const slips: { args: string[]; want: RegExp }[] = [
    { args: [], want: /expected --url or --records FILE…/ },
    { args: ['--records'], want: /at least one file/ },
    { args: ['--records', 'none.ndjson'], want: /cannot read `none\.ndjson`/ },
    { args: ['--url', 'http://x', '--records', 'a'], want: /expected --url or --records/ },
    { args: ['--url', 'file:///etc/passwd'], want: /no URL/ },
    { args: ['--url', 'http://127.0.0.1:1'], want: /cannot read `http:\/\/127\.0\.0\.1:1\/ident/ },
    { args: ['--records', 'open.ndjson', '--bin', 'x'], want: /none of authenticated, over-long/ },
    { args: ['--records', 'open.ndjson', '--forgotten-after', '3'], want: /is no duration/ },
  ];
  for (const { args, want } of slips) {
    it(`ends with 2: ${args.join(' ')}`, async () => {
      const { code, stderr } = await commands.run(['identities', ...args], folder.path);
      assert.equal(code, 2);
      assert.match(stderr, want);
    });
  }
});

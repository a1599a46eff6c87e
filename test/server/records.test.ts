// The two records of each request, as they lie in their files after a stop (DESIGN section 8).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Answered } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { type Call, encodeCall, IDS } from '../support/mesh.ts';
import { type RecordLine, readLines } from '../support/record_files.ts';
import { CANARY, secret } from '../support/secret.ts';
import { RECORD_FILES, startServer } from '../support/server.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('the records', () => {
  const folder = useFolder();

  /** Asks one after the other, and stops the server. */
  async function ask(calls: readonly (Call | Buffer)[], name: string, pool = 0) {
    const files = RECORD_FILES.replaceAll('file:', `file:${name}-`);
    const server = await startServer(folder, { config: `threads: {pool: ${pool}}\n${files}` });
    const answers: Answered[] = [];
    try {
      for (const call of calls) {
        const bytes = Buffer.isBuffer(call) ? call : encodeCall(call);
        answers.push(await server.client.check(bytes));
      }
    } finally {
      await server.stop();
    }
    const digests = server.log.find(({ msg }) => msg === 'serving')!;
    return {
      answers,
      log: server.log,
      evidence: readLines(folder.at(`${name}-evidence.ndjson`)),
      decisions: readLines(folder.at(`${name}-decisions.ndjson`)),
      proofDigest: digests['proofDigest'],
      policyDigest: digests['policyDigest'],
    };
  }

  it('of an allow, a failed proof and a denial are exactly these pairs, joined by id (C-003)', async () => {
    const calls: Call[] = [
      { path: '/v1/accounts/42?page=2', headers: { traceparent: TRACEPARENT } },
      { from: IDS.stranger, headers: { traceparent: `${TRACEPARENT},${TRACEPARENT}` } },
      { from: IDS.reporting },
    ];
    const traces = [TRACEPARENT.split('-')[1], null, null];
    const { answers, evidence, decisions, proofDigest, policyDigest } = await ask(calls, 'pairs');
    assert.deepEqual(
      answers.map(({ result }) => result),
      ['allow', 'authn.untrusted_issuer', 'authz.no_match'],
    );
    for (const [index, { decisionId }] of answers.entries()) {
      assert.match(decisionId, UUID_V7);
      assert.equal(evidence[index]!['id'], decisionId);
      assert.equal(decisions[index]!['id'], decisionId);
      assert.equal(evidence[index]!['time'], decisions[index]!['time']);
      assert.equal(evidence[index]!['traceId'], traces[index]);
      assert.equal(decisions[index]!['traceId'], traces[index]);
    }
    const proof = {
      kind: 'authn.evidence',
      enforcer: 'on-this-host',
      credential: null,
      keyThumbprint: null,
      serial: null,
      notBefore: null,
      notAfter: null,
      ageS: null,
      reason: null,
      proofDigest,
    };
    const verified = {
      ...proof,
      result: 'verified',
      method: 'peer_principal',
      assurance: 'asserted',
    };
    assert.deepEqual(evidence.map(withoutOccasion), [
      { ...verified, subject: IDS.checkout, issuer: 'mesh.example' },
      {
        ...proof,
        result: 'failed',
        method: 'peer_principal',
        assurance: 'none',
        subject: IDS.stranger,
        issuer: 'other.example',
        reason: 'authn.untrusted_issuer',
      },
      { ...verified, subject: IDS.reporting, issuer: 'mesh.example' },
    ]);
    const request = {
      method: 'GET',
      path: '/v1/accounts/42',
      host: null,
      destination: IDS.payments,
      requestId: null,
      sni: null,
      port: null,
    };
    const decision = {
      kind: 'authz.decision',
      actors: [],
      enforcer: 'on-this-host',
      service: 'pay/payments',
      environment: null,
      credential: null,
      tenant: null,
      shadow: [],
      errors: [],
      obligations: null,
      assurance: 'asserted',
      policyDigest,
      snapshotVersion: 1,
      revision: 0,
      request,
    };
    const read = {
      operation: 'pay/payments/account.read',
      verb: 'read',
      resource: 'account/42',
      dataClass: 'internal',
    };
    assert.deepEqual(decisions.map(withoutOccasion), [
      {
        ...decision,
        ...read,
        result: 'evaluated',
        outcome: 'allow',
        reasons: [],
        rules: ['pay/accounts/checkout'],
        ruleCount: 1,
        principal: IDS.checkout,
      },
      {
        ...decision,
        assurance: 'none',
        result: 'not_evaluated',
        outcome: 'deny',
        reasons: ['authn.untrusted_issuer'],
        rules: [],
        ruleCount: 0,
        principal: null,
        operation: null,
        verb: null,
        resource: null,
        dataClass: null,
      },
      {
        ...decision,
        ...read,
        result: 'evaluated',
        outcome: 'deny',
        reasons: ['authz.no_match'],
        rules: [],
        ruleCount: 0,
        principal: IDS.reporting,
      },
    ]);
  });

  it('say not_evaluated twice for a message that cannot be read', async () => {
    const { answers, evidence, decisions } = await ask([Buffer.from('garbage')], 'garbage');
    assert.equal(evidence[0]!['id'], answers[0]!.decisionId);
    assert.equal(evidence[0]!['result'], 'not_evaluated');
    assert.equal(decisions[0]!['id'], answers[0]!.decisionId);
    assert.equal(decisions[0]!['result'], 'not_evaluated');
    assert.deepEqual(decisions[0]!['reasons'], ['ctx.malformed_request']);
  });

  it('and the log never hold a query value, a token, a cookie, a header value or a body', async () => {
    const headers = {
      authorization: `Bearer ${secret('1')}`,
      cookie: `session=${secret('2')}`,
      'x-api-key': `${secret('3')}`,
      'proxy-authorization': `Basic ${secret('4')}`,
      ':path': `/v1/accounts/42?token=${secret('5')}`,
    };
    const calls: Call[] = [
      { headers },
      { path: `/v1/accounts/42?token=${secret('6')}` },
      { path: `/v1/accounts/42?a=1#${secret('7')}` },
      { path: `/v1/accounts/42;v=1?token=${secret('8')}` },
      { method: 'POST', path: '/v1/accounts/42/refunds', body: `{"card":"${secret('9')}"}` },
      { from: IDS.stranger, headers },
    ];
    const { log } = await ask(calls, 'secrets');
    const written = [
      readFileSync(folder.at('secrets-evidence.ndjson'), 'utf8'),
      readFileSync(folder.at('secrets-decisions.ndjson'), 'utf8'),
      JSON.stringify(log),
    ].join('');
    assert.ok(written.includes('/v1/accounts/42'));
    assert.ok(!written.includes(CANARY));
  });

  it('stay whole lines, whatever a caller puts into a path', async () => {
    const paths = [
      '/a\nb',
      '/"}\r\n{"kind":"authz.decision"}',
      '/\u2028\u0000',
      `/${'x'.repeat(100_000)}`,
    ];
    const { evidence, decisions } = await ask(
      paths.map((path) => ({ path })),
      'lines',
    );
    assert.equal(evidence.length, paths.length);
    assert.equal(decisions.length, paths.length);
    const recorded = decisions.map((it) => (it['request'] as { path: string }).path);
    assert.deepEqual(recorded.slice(0, 3), paths.slice(0, 3));
    assert.match(recorded[3]!, /^\/x{2047}…\(97953 more\)$/);
  });

  it('are one pair for each of 500 requests at once, decided in place or by the pool', async () => {
    const config = `threads: {pool: 1}\n${RECORD_FILES}`;
    const server = await startServer(folder, { config });
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => server.client.check(encodeCall(), { timeoutMs: 30_000 })),
    );
    await server.stop();
    const ids = new Set(answers.map(({ decisionId }) => decisionId));
    assert.equal(ids.size, 500);
    for (const name of ['evidence', 'decisions']) {
      const recorded = readLines(folder.at(`${name}.ndjson`)).map(({ id }) => String(id));
      assert.equal(recorded.length, 500);
      assert.deepEqual(new Set(recorded), ids);
    }
  });
});

function withoutOccasion(line: RecordLine): object {
  const { id, time, traceId, durationUs, validUntil, ...record } = line;
  return record;
}

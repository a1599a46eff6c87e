// The inventory that falls out of traffic (C-065 C-067 C-068 C-069 C-083 C-085): what is learnt of
// records, that it is bounded, and that it stays exact while most lines are only counted.

import assert from 'node:assert/strict';
import { CredentialInventory } from '../../audit/credential_inventory.ts';
import { inventoryReport } from '../../audit/inventory_report.ts';
import { decisionLine, evidenceLine, type Shown } from './evidence_lines.ts';

const APP = 'spiffe://mesh.example/ns/shop/sa/app';
const OTHER = 'spiffe://mesh.example/ns/bi/sa/other';
const T = (minute: number, second = 0) =>
  new Date(Date.UTC(2026, 11, 1, 12, minute, second)).toISOString();
const svid = (name: string, key = name): Shown => ({
  subject: APP,
  credential: `sha256:${name}`,
  keyThumbprint: `sha256:key-${key}`,
  notBefore: T(0),
  notAfter: T(59),
});
const token = (name: string, more: Partial<Shown> = {}): Shown => ({
  ...{ method: 'jwt', subject: 'bot', issuer: 'https://ci.example', credential: `sha256:${name}` },
  ...{ keyThumbprint: 'sha256:issuer', notBefore: T(0), notAfter: T(30), ...more },
});
const peer = (subject: string) => ({
  ...{ method: 'x509_svid', kind: null, subject, issuer: 'mesh.example', serial: '01' },
  ...{ credential: `sha256:${subject}`, keyThumbprint: 'sha256:k', notBefore: null },
  notAfter: null,
});

function reportOf(lines: readonly string[], inventory = new CredentialInventory()) {
  const text = Buffer.from(lines.join(''));
  assert.equal(inventory.add(text), text.length);
  const report = inventory.report();
  assert.deepEqual(inventoryReport.parse(report), report);
  return report;
}

describe('the inventory of credentials', () => {
  it('knows whose they are, since when, until when, and how often they came', () => {
    const { identities, since, until } = reportOf([
      evidenceLine(T(1), svid('a')),
      ...Array.from({ length: 5 }, (_, second) => evidenceLine(T(2, second), svid('a'))),
      evidenceLine(T(7), { ...svid('a'), traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }),
    ]);
    const seen = { firstSeen: T(1), lastSeen: T(7), count: 7 };
    assert.deepEqual([since, until], [T(1), T(7)]);
    assert.deepEqual(identities, [
      {
        ...{ subject: APP, issuer: '', ...seen, rotations: 0, lastRotated: null },
        credentials: [
          {
            ...{ method: 'x509_svid', credential: 'sha256:a', keyThumbprint: 'sha256:key-a' },
            ...{ notBefore: T(0), notAfter: T(59), ...seen, sourcesOmitted: 0 },
            sources: [{ enforcer: 'gateway', workload: '' }],
          },
        ],
        credentialsForgotten: 0,
      },
    ]);
  });

  it('counts another key as a rotation, and a renewal with the same key as none (C-068)', () => {
    const { identities } = reportOf([
      evidenceLine(T(1), svid('a', 'one')),
      evidenceLine(T(2), svid('b', 'one')),
      evidenceLine(T(3), svid('c', 'two')),
      evidenceLine(T(4), svid('a', 'one')),
      evidenceLine(T(1), token('x')),
      evidenceLine(T(5), token('y')),
    ]);
    const found = identities.map(({ rotations, lastRotated }) => [rotations, lastRotated]);
    assert.deepEqual(found, [
      [1, T(3)],
      [1, T(5)],
    ]);
  });

  it('knows from where a token came: by which enforcers and which workloads (C-083 C-085)', () => {
    const { identities } = reportOf([
      evidenceLine(T(1), token('x')),
      evidenceLine(T(1), token('x', { enforcer: 'edge' })),
      evidenceLine(T(1), token('x', { others: [peer(APP)] })),
      evidenceLine(T(1), {
        ...svid('a'),
        others: [{ ...peer(''), ...token('x'), kind: 'jwt' }],
      }),
      evidenceLine(T(1), token('x', { others: [peer(OTHER)] })),
    ]);
    const bot = identities.find(({ subject }) => subject === 'bot')!;
    assert.equal(bot.count, 5);
    assert.deepEqual(bot.credentials[0]!.sources, [
      { enforcer: 'gateway', workload: '' },
      { enforcer: 'edge', workload: '' },
      { enforcer: 'gateway', workload: APP },
      { enforcer: 'gateway', workload: OTHER },
    ]);
    assert.deepEqual(identities.map(({ subject }) => subject).sort(), [APP, OTHER, 'bot'].sort());
  });

  it('knows who showed the token of somebody else, though it proved nobody (C-083)', () => {
    const conflict = { result: 'failed', reason: 'authn.identity_conflict' };
    const { identities } = reportOf([
      evidenceLine(T(1), token('x', { others: [peer(APP)] })),
      evidenceLine(T(1), token('x', { ...conflict, others: [peer(OTHER)] })),
      evidenceLine(T(1), token('y', conflict)),
    ]);
    const [credential, ...more] = identities.find(({ subject }) => subject === 'bot')!.credentials;
    assert.deepEqual(more, []);
    assert.deepEqual(
      credential?.sources.map(({ workload }) => workload),
      [APP, OTHER],
    );
  });

  it('never takes a token for the workload that its subject names', () => {
    const { identities } = reportOf([
      evidenceLine(T(1), svid('a')),
      evidenceLine(T(1), token('x', { subject: APP })),
    ]);
    assert.deepEqual(
      identities.map(({ subject, issuer }) => [subject, issuer]),
      [
        [APP, ''],
        [APP, 'https://ci.example'],
      ],
    );
  });

  it('knows what was permitted, once for each principal and operation', () => {
    const use = { principal: APP, operation: 'pay/payments/read' };
    const { operations } = reportOf([
      decisionLine(T(1), use),
      decisionLine(T(1, 30), use),
      decisionLine(T(2), use),
      decisionLine(T(3), { ...use, outcome: 'deny', operation: 'pay/payments/write' }),
    ]);
    assert.deepEqual(operations, [
      {
        ...{ ...use, service: 'pay/payments', verb: 'read', dataClass: 'internal' },
        ...{ firstSeen: T(1), lastSeen: T(2), count: 3 },
      },
    ]);
  });

  it('learns nothing of what failed, of a context, and of what is no record', () => {
    const transaction = { ...peer('txn'), method: 'jwt', kind: 'txn_token' };
    const { identities, unreadable } = reportOf([
      evidenceLine(T(1), { ...svid('a'), result: 'failed' }),
      evidenceLine(T(1), { ...svid('b'), others: [transaction] }),
      ...['\n', '{}\n', 'null\n', '[1]\n', '"x"\n', '{"kind":"authn.evidence"\n', '\u0000\n'],
      '{"kind":"authn.evidence","result":"verified","time":"then","subject":7}\n',
    ]);
    assert.deepEqual(
      identities.map(({ credentials }) => credentials.map(({ credential }) => credential)),
      [['sha256:b']],
    );
    assert.equal(unreadable, 2);
  });

  it('reads lines that somebody else has formatted', () => {
    const spaced = JSON.stringify(JSON.parse(evidenceLine(T(1), svid('a'))), null, 1);
    const one = `${spaced.replaceAll('\n', '')}\n`;
    assert.equal(reportOf([one, one]).identities[0]?.count, 2);
  });

  it('waits for the rest of a line', () => {
    const inventory = new CredentialInventory();
    const text = Buffer.from(evidenceLine(T(1), svid('a')) + evidenceLine(T(1), svid('b')));
    const whole = text.indexOf('\n') + 1;
    assert.equal(inventory.add(text.subarray(0, -5)), whole);
    assert.equal(inventory.add(text.subarray(whole)), text.length - whole);
    assert.equal(inventory.report().identities[0]?.credentials.length, 2);
  });

  it('is the same however the lines are cut into pieces, and whatever is only counted', () => {
    const lines = Array.from({ length: 600 }, (_, index) =>
      index % 3 === 0
        ? evidenceLine(T(index % 4, index % 60), token(`t${index % 7}`))
        : evidenceLine(T(index % 5, index % 60), svid(`s${index % 11}`)),
    );
    const one = reportOf(lines);
    const inventory = new CredentialInventory();
    for (const line of lines) inventory.add(Buffer.from(line));
    assert.deepEqual(inventory.report(), one);
    assert.equal(
      one.identities.reduce((sum, { count }) => sum + count, 0),
      lines.length,
    );
  });

  it('is text in parts that are one JSON', () => {
    const lines = Array.from({ length: 250 }, (_, index) =>
      evidenceLine(T(1), { ...svid(`c${index}`), subject: `${APP}${index}` }),
    );
    const inventory = new CredentialInventory();
    const use = decisionLine(T(1), { principal: APP, operation: 'a/b/c' });
    const report = reportOf([...lines, use], inventory);
    const parts = inventory.text(Date.parse(T(1)));
    let text = '';
    for (const part of parts) {
      text += part;
      // Whoever comes meanwhile is not met twice.
      inventory.add(Buffer.from(evidenceLine(T(9), { ...svid('c7'), subject: `${APP}7` })));
    }
    const { identities, ...rest } = inventoryReport.parse(JSON.parse(text));
    assert.deepEqual({ ...rest, identities: identities.length }, { ...report, identities: 250 });
    const nothing = new CredentialInventory();
    assert.deepEqual(JSON.parse([...nothing.text(Number.NaN)].join('')), nothing.report());
  });
});

describe('the inventory is bounded', () => {
  const limits = {
    ...{ identitiesMax: 3, credentialsMax: 4, credentialsAnIdentityMax: 2, sourcesMax: 2 },
    ...{ operationsMax: 2, keysMax: 2 },
  };
  const inventory = () => new CredentialInventory(undefined, limits);

  it('by identities: whoever was seen least recently is forgotten, and counted', () => {
    const of = (name: string) => ({ ...svid(name), subject: `${APP}-${name}` });
    const names = ['a', 'b', 'c', 'a', 'd'];
    const lines = names.map((name, index) => evidenceLine(T(index), of(name)));
    const { identities, forgotten } = reportOf(lines, inventory());
    assert.deepEqual(
      identities.map(({ subject, count }) => [subject.slice(-1), count]),
      [
        ['c', 1],
        ['a', 2],
        ['d', 1],
      ],
    );
    assert.deepEqual(forgotten, { identities: 1, credentials: 1, operations: 0 });
  });

  it('by the credentials of one identity, which keeps its own count', () => {
    const lines = [
      evidenceLine(T(0), { ...svid('other'), subject: OTHER }),
      ...Array.from({ length: 50 }, (_, index) => evidenceLine(T(1), token(`t${index}`))),
    ];
    const { identities } = reportOf(lines, inventory());
    const [other, bot] = identities;
    assert.equal(other?.credentials.length, 1, 'nobody pushes out another one’s');
    assert.deepEqual([bot?.credentials.length, bot?.credentialsForgotten], [2, 48]);
    assert.deepEqual([bot?.count, bot?.rotations], [50, 49]);
  });

  it('by the time that it takes: what is new and comes too fast is counted, not read', () => {
    const slow = new CredentialInventory(undefined, { readsASecondMax: 2 });
    const lines = [
      ...['a', 'a', 'a', 'b'].map((name) => evidenceLine(T(1), svid(name))),
      ...Array.from({ length: 50 }, (_, index) => evidenceLine(T(1), token(`t${index}`))),
      evidenceLine(T(2), svid('a')),
    ];
    const { identities, omitted } = reportOf(lines, slow);
    const counted = identities.reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted + omitted, lines.length);
    // A second may end meanwhile.
    assert.ok(omitted >= 46, `${omitted}`);
  });

  it('by sources and operations', () => {
    const lines = Array.from({ length: 5 }, (_, index) =>
      evidenceLine(T(1), token('t', { enforcer: `e${index}` })),
    );
    const uses = Array.from({ length: 5 }, (_, index) =>
      decisionLine(T(1), { principal: APP, operation: `a/b/${index}` }),
    );
    const { identities, operations, forgotten } = reportOf([...lines, ...uses], inventory());
    const [credential] = identities[0]!.credentials;
    assert.deepEqual([credential?.sources.length, credential?.sourcesOmitted], [2, 3]);
    assert.deepEqual([operations.length, forgotten.operations], [2, 3]);
  });
});

// `remit review --static`: who reaches what and how far (C-105), by policy alone (C-106).

import assert from 'node:assert/strict';
import { makeAuthority, pemOf } from '../support/certificates.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { CHECKOUT, FILES, REPORTS, writeOffline } from './offline_fixture.ts';

const POLICIES = FILES['policies.yaml']!;
const AT = ['--at', '2026-12-01T12:00:00Z'];

interface Review {
  readonly grants: readonly Readonly<Record<string, unknown>>[];
  readonly identities: readonly (Readonly<Record<string, unknown>> & { operations: number })[];
}

describe('remit review --static', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    writeOffline(folder);
    folder.write(
      'weaker.yaml',
      'policies: ./proof\nclassFloor: {internal: svid, confidential: bound}\n' +
        'records: {evidence: "file:e", decisions: "file:d"}\n',
    );
    const require = '{id: reads, require: {assurance: bound, maxAge: 10m}, ';
    writeOffline(folder, 'proof', {
      'policies.yaml': POLICIES.replace('{id: reads, ', require),
      'enforcers.yaml': `
kind: Enforcer
metadata: {name: here}
spec: {type: gateway, local: true, asserts: {peer: [certificate], destinations: ["*"]}}
---
kind: Issuer
metadata: {name: mesh}
spec: {x509: {trustDomain: mesh.example, bundle: ./ca.pem, maxLifetime: 1h}}
`,
    });
    folder.write('proof/ca.pem', pemOf(makeAuthority('mesh')));
    const rule = / {2}- \{id: reads, .*\n/;
    writeOffline(folder, 'fewer', {
      'policies.yaml': POLICIES.replace(rule, ''),
      'tests.yaml': '',
    });
  });
  const run = (...args: string[]) =>
    commands.run(['review', '--static', ...args, ...AT], folder.path);
  const review = async (...args: string[]): Promise<Review> => {
    const { code, stdout, stderr } = await run(...args, '--format', 'json');
    assert.equal(stderr.replace(/^.*warning.*\n/gm, ''), '');
    assert.equal(code, 0);
    return JSON.parse(stdout);
  };

  it('lists who by resource, and how far by identity (C-105)', async () => {
    const { code, stdout } = await run('policies');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^account: pay\/payments\/account\.read {2}\[read, internal, prod; owner team-pay\]$/m,
    );
    assert.match(
      stdout,
      /^ {2}spiffe:.*checkout \(workload\) account\/\* {2}by pay\/p\/reads {2}\(except pay\/p\/frozen\)$/m,
    );
    assert.match(stdout, /reports .*exception until 2027-01-01T00:00:00\.000Z\)$/m);
    assert.match(
      stdout,
      /^spiffe:.*checkout {2}\[workload; owner team-shop\]\n {2}blast radius: services 1, operations 2 \(1 change something\), resource patterns 1; verbs: read 1, write 1; environments: prod 2; dataClasses: internal 1, confidential 1$/m,
    );
  });

  it('counts the blast radius of each identity', async () => {
    const { identities } = await review('policies');
    assert.deepEqual(
      identities.map(({ identity, operations }) => [identity, operations]),
      [
        ['anonymous', 0],
        [CHECKOUT, 2],
        [REPORTS, 1],
      ],
    );
  });

  it('does not depend on how callers are proved (C-106)', async () => {
    assert.deepEqual(await review('--config', 'weaker.yaml'), await review('policies'));
  });

  it('shrinks where a rule is taken away', async () => {
    const before = await review('policies');
    const after = await review('fewer');
    const rules = ({ grants }: Review) => grants.map(({ rule }) => rule);
    assert.deepEqual(rules(before), ['pay/p/reads', 'pay/quarter', 'pay/p/refunds']);
    assert.deepEqual(rules(after), ['pay/quarter', 'pay/p/refunds']);
    assert.equal(after.identities.find(({ identity }) => identity === CHECKOUT)?.operations, 1);
  });

  it('leaves out what an exception gave once it is over', async () => {
    const { stdout } = await commands.run(
      ['review', '--static', 'policies', '--format', 'csv', '--at', '2027-01-01T00:00:00Z'],
      folder.path,
    );
    assert.doesNotMatch(stdout, /quarter/);
    assert.match(stdout, /^identity,kind,identityOwner,operation,resources,verb,/);
    assert.equal(stdout.split('\r\n').length, 4);
  });

  const slips: { args: string[]; want: RegExp }[] = [
    { args: ['review', 'policies'], want: /expected --static/ },
    { args: ['review', '--static'], want: /expected one folder, or --config/ },
    {
      args: ['review', '--static', 'policies', '--format', 'xml'],
      want: /none of text, csv, json/,
    },
  ];
  for (const { args, want } of slips) {
    it(`ends with 2: ${args.join(' ')}`, async () => {
      const { code, stderr } = await commands.run(args, folder.path);
      assert.equal(code, 2);
      assert.match(stderr, want);
    });
  }
});

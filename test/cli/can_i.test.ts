// `remit can-i`: one question, who may and what one may (C-033); never a yes that depends on what
// nobody said.

import assert from 'node:assert/strict';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { CHECKOUT, FILES, REPORTS, writeOffline } from './offline_fixture.ts';

const AT = ['--at', '2026-12-01T12:00:00Z'];
const GUARDED = `${FILES['policies.yaml']}---
kind: Policy
metadata: {name: guard, namespace: pay}
spec:
  rules:
  - {id: flagged, effect: forbid, from: {}, to: {operations: [account.read]},
     condition: "request.headers[?'x-flag'].orValue('') == 'yes'"}
  - {id: outside, effect: forbid, from: {ipBlocks: ["192.0.2.0/24"]}, to: {verbs: [write]}}
`;

interface Case {
  readonly args: readonly string[];
  readonly code: number;
  readonly want: RegExp;
}

const READ = ['payments/account.read', 'account/17'];
const REFUND = [CHECKOUT, 'pay/payments/refund.create', 'account/17'];

const CASES: readonly Case[] = [
  {
    args: [CHECKOUT, ...READ],
    code: 0,
    want: /^yes\n {2}by pay\/p\/reads\n {2}valid until 2026-12-01T12:05:00\.000Z\n$/,
  },
  {
    args: [CHECKOUT, 'payments/account.read', 'account/18'],
    code: 1,
    want: /^no\n {2}authz\.forbidden\n {2}by pay\/p\/frozen/,
  },
  { args: [REPORTS, ...READ], code: 0, want: /^yes\n {2}by pay\/quarter\n/ },
  { args: [REPORTS, ...REFUND.slice(1)], code: 1, want: /^no\n {2}authz\.verb\n/ },
  { args: ['anonymous', ...READ], code: 1, want: /^no\n/ },
  {
    args: REFUND,
    code: 1,
    want: /^depends\n {2}depends on `request\.body\.amount < 100` of permit pay\/p\/refunds; give request\.body\.amount\n/,
  },
  { args: [...REFUND, '--body', '{"amount":5}'], code: 0, want: /^yes\n {2}by pay\/p\/refunds/ },
  { args: [...REFUND, '--body', '{"amount":500}'], code: 1, want: /^no\n {2}authz\.condition/ },
  {
    args: ['--who', ...READ],
    code: 0,
    want: /^yes {5}spiffe:.*checkout {2}by pay\/p\/reads\nyes {5}spiffe:.*reports {2}by pay\/quarter\n$/,
  },
  {
    args: ['--who', 'payments/account.read', 'account/18'],
    code: 1,
    want: /^nobody of the inventory\n$/,
  },
  {
    args: ['--who', ...REFUND.slice(1)],
    code: 0,
    want: /^depends spiffe:.*checkout {2}depends on `request/,
  },
  {
    args: ['--what', CHECKOUT],
    code: 0,
    want: /^pay\/payments\/account\.read {2}read {2}account\/\* .* by pay\/p\/reads {2}\(except pay\/p\/frozen\)\npay\/payments\/refund\.create .*\(if request\.body\.amount < 100; except pay\/p\/frozen\)\n$/,
  },
  {
    args: ['--what', REPORTS],
    code: 0,
    want: /by pay\/quarter {2}\(except pay\/p\/frozen; until 2027-01-01T00:00:00\.000Z\)\n$/,
  },
  {
    args: ['--what', 'spiffe://mesh.example/ns/a/sa/b'],
    code: 1,
    want: /^nothing: .* no inventory\n$/,
  },
];

const SLIPS: readonly { readonly args: readonly string[]; readonly want: RegExp }[] = [
  { args: [CHECKOUT], want: /expected PRINCIPAL OPERATION RESOURCE; see --help/ },
  { args: ['checkout', ...READ], want: /`checkout` is no principal: / },
  {
    args: [CHECKOUT, 'payments/acount.read', 'account/1'],
    want: /did you mean `payments\/account\.read`/,
  },
  {
    args: [CHECKOUT, 'payments/account.read', 'user/1'],
    want: /expected `account\/\{path\.account\}`/,
  },
  { args: ['--who', '--what', CHECKOUT], want: /two questions/ },
];

describe('remit can-i (C-033)', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    writeOffline(folder);
    writeOffline(folder, 'guarded', { 'policies.yaml': GUARDED });
  });
  const run = (bundle: string, args: readonly string[]) =>
    commands.run(['can-i', ...args, '--bundle', bundle], folder.path);

  for (const { args, code, want } of CASES) {
    it(`${args.join(' ')}: ${code}`, async () => {
      const result = await run('policies', [...args, ...AT]);
      assert.equal(result.stderr, '');
      assert.match(result.stdout, want);
      assert.equal(result.code, code);
    });
  }

  it('says no yes where a forbid reads what nobody said', async () => {
    const { code, stdout } = await run('guarded', [CHECKOUT, ...READ]);
    assert.equal(code, 1);
    assert.match(stdout, /^depends\n {2}depends on .* of forbid pay\/guard\/flagged; give request/);
    const address = await run('guarded', [...REFUND, '--body', '{"amount":5}']);
    assert.equal(address.code, 1);
    assert.match(
      address.stdout,
      /its surroundings of forbid pay\/guard\/outside; give context\.sourceIp/,
    );
    const said = await run('guarded', [
      ...REFUND,
      '--body',
      '{"amount":5}',
      '--source-ip',
      '10.0.0.1',
    ]);
    assert.equal(said.code, 0);
  });

  it('names what the operation requires besides', async () => {
    const services = `${FILES['services.yaml']}    order.create: {http: "POST /v1/orders",
      resource: order/new, requires: [request.headers.x-reason]}\n`;
    const policies = FILES['policies.yaml']!.replace('verbs: [read]', 'verbs: [read, write]');
    writeOffline(folder, 'requiring', { 'services.yaml': services, 'policies.yaml': policies });
    const { code, stdout } = await run('requiring', [
      CHECKOUT,
      'payments/order.create',
      'order/new',
    ]);
    assert.match(stdout, /^yes\n {2}by pay\/p\/reads\n {2}with request\.headers\.x-reason, which/);
    assert.equal(code, 0);
  });

  for (const { args, want } of SLIPS) {
    it(`ends with 2: ${args.join(' ')}`, async () => {
      const { code, stderr } = await run('policies', args);
      assert.equal(code, 2);
      assert.match(stderr, want);
    });
  }
});

// `remit explain` as a command: of a test case, of options and of a recorded decision, as text and
// as JSON.

import assert from 'node:assert/strict';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { runRemit } from '../support/process.ts';
import { CHECKOUT, writeOffline } from './offline_fixture.ts';

const REFUND = ['--service', 'pay/payments', '--method', 'POST', '--principal', CHECKOUT];
const PATH = ['--path', '/v1/accounts/17/refunds'];

describe('remit explain', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => writeOffline(folder));
  const run = (...args: string[]) => commands.run(['explain', 'policies', ...args], folder.path);

  it('names what failed, the facts and what would flip it', async () => {
    const { code, stdout, stderr } = await run('--case', 'large refunds <need> somebody else');
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.match(stdout, /^deny authz\.condition\n/);
    assert.match(stdout, /^ {2}caller {4}id=spiffe:\/\/mesh\.example\/ns\/shop\/sa\/checkout /m);
    assert.match(stdout, /^ {2}resource {2}id=account\/17/m);
    assert.match(stdout, /^ {4}failed condition: `request\.body\.amount < 100` gives false$/m);
    assert.match(stdout, /^ {4}failed resource: wants .*account\/18/m);
    assert.match(stdout, /^ {2}value: set `request\.body\.amount` to `99`$/m);
    assert.match(stdout, /^ {2}decided again with it: allow by pay\/p\/refunds$/m);
    assert.ok(!stdout.includes('\x1b'));
  });

  it('takes a request from options, and writes JSON', async () => {
    const { code, stdout } = await run(...REFUND, ...PATH, '--body', '{"amount":5}', '--json');
    assert.equal(code, 0);
    const { outcome, decidedBy, rules, flip } = JSON.parse(stdout);
    assert.equal(outcome, 'allow');
    assert.deepEqual(decidedBy, ['pay/p/refunds']);
    assert.equal(rules.length, 4);
    assert.equal(rules[0].rule, 'pay/p/refunds');
    assert.deepEqual(rules[0].condition, { text: 'request.body.amount < 100', result: true });
    assert.equal(flip.outcome, 'deny');
  });

  it('takes a recorded decision from standard input', async () => {
    const record = {
      kind: 'authz.decision',
      time: '2026-12-01T12:00:00.000Z',
      principal: CHECKOUT,
      service: 'pay/payments',
      credential: null,
      request: { method: 'GET', path: '/v1/accounts/18', host: null, sni: null, port: null },
    };
    const { code, stdout } = await runRemit(['explain', 'policies', '--record', '--json'], {
      cwd: folder.path,
      stdin: `${JSON.stringify(record)}\n`,
    });
    assert.equal(code, 0);
    const { reason, decidedBy, flip } = JSON.parse(stdout);
    assert.equal(reason, 'authz.forbidden');
    assert.deepEqual(decidedBy, ['pay/p/frozen']);
    assert.equal(flip.outcome, 'allow');
  });

  const slips: { args: string[]; want: RegExp }[] = [
    { args: [], want: /expected one of --case, --record and --service/ },
    {
      args: ['--case', 'checkout red'],
      want: /no test case `.*`; did you mean `checkout reads`\?/,
    },
    { args: ['--service', 'payments'], want: /expected `namespace\/service`/ },
    { args: [...REFUND, '--header', 'x'], want: /--header `x`; expected NAME:VALUE/ },
    { args: [...REFUND, '--assurance', 'high'], want: /`high` is none of none, apikey/ },
    { args: [...REFUND, '--port', '1'], want: /a connection .* has no method or path/ },
  ];
  for (const { args, want } of slips) {
    it(`ends with 2: ${args.join(' ')}`, async () => {
      const { code, stderr } = await run(...args);
      assert.equal(code, 2);
      assert.match(stderr, want);
    });
  }
});

// `remit test`: cases of a bundle's Tests as text, JSON and JUnit, and the rules that none of them
// exercises (C-103).

import assert from 'node:assert/strict';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { FILES, writeOffline } from './offline_fixture.ts';

const FAILING = `${FILES['tests.yaml']}
  - name: wrong
    request: {principal: "spiffe://mesh.example/ns/shop/sa/checkout", service: paymnts, path: /v1}
    expect: {outcome: allow, reason: authz.verb, rules: [pay/p/reads]}
`.replace(/\n\n {2}- name: wrong/, '\n  - name: wrong');

describe('remit test', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    writeOffline(folder);
    writeOffline(folder, 'failing', { 'tests.yaml': FAILING });
    writeOffline(folder, 'untested', { 'tests.yaml': '' });
  });
  const run = (...args: string[]) => commands.run(['test', ...args], folder.path);

  it('passes, and lists the rules that no case exercises (C-103)', async () => {
    const { code, stdout, stderr } = await run('policies');
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      [
        'pay/accounts',
        '  ok   checkout reads (allow)',
        '  ok   large refunds <need> somebody else (deny authz.condition)',
        '',
        '3 of 4 rules are exercised by no case:',
        '  pay/p/frozen',
        '  pay/p/refunds (a case misses it only just)',
        '  pay/quarter',
        '',
        '2 passed, 0 failed',
        '',
      ].join('\n'),
    );
  });

  it('says of a case that failed what was expected, what came and why', async () => {
    const { code, stdout } = await run('failing');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^FAILED wrong \(deny authz\.no_policy\)\n {7}failing\/tests\.yaml:\d+:5$/m,
    );
    assert.match(stdout, /^ {7}expected allow, got deny$/m);
    assert.match(stdout, /^ {7}expected reason authz\.verb, got authz\.no_policy$/m);
    assert.match(stdout, /^ {7}expected rules `pay\/p\/reads`, got none$/m);
    assert.match(stdout, /^ {7}no service `pay\/paymnts`; did you mean `pay\/payments`\?$/m);
    assert.match(stdout, /^2 passed, 1 failed$/m);
  });

  it('writes JSON', async () => {
    const { code, stdout } = await run('failing', '--format', 'json');
    assert.equal(code, 1);
    const report = JSON.parse(stdout);
    assert.deepEqual(
      { total: report.total, passed: report.passed, failed: report.failed },
      { total: 3, passed: 2, failed: 1 },
    );
    assert.deepEqual(report.rules, {
      total: 4,
      unexercised: ['pay/p/frozen', 'pay/p/refunds', 'pay/quarter'],
      nearly: ['pay/p/refunds'],
    });
    assert.deepEqual(report.cases[0].got, {
      outcome: 'allow',
      reason: null,
      rules: ['pay/p/reads'],
      errors: [],
    });
  });

  it('writes JUnit, with what people wrote escaped', async () => {
    const { code, stdout } = await run('failing', '--format', 'junit');
    assert.equal(code, 1);
    assert.match(stdout, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="remit" /);
    assert.match(stdout, /tests="3" failures="1"/);
    assert.match(stdout, /name="large refunds &lt;need&gt; somebody else"/);
    assert.match(stdout, /<failure message="expected allow, got deny" type="decision">/);
  });

  it('runs the cases that a filter names, and then says nothing of rules', async () => {
    const { code, stdout } = await run('policies', '--filter', 'large');
    assert.equal(code, 0);
    assert.match(stdout, /1 passed, 0 failed/);
    assert.doesNotMatch(stdout, /exercised/);
  });

  const slips: { args: string[]; code: number; want: RegExp }[] = [
    {
      args: ['policies', '--coverage-min', '80'],
      code: 1,
      want: /25 percent .*, fewer than 80\n$/,
    },
    { args: ['policies', '--coverage-min', 'x'], code: 2, want: /`x` is no percentage/ },
    { args: ['policies', '--filter', 'nothing'], code: 2, want: /no test case with `nothing`/ },
    { args: ['policies', '--format', 'xml'], code: 2, want: /`xml` is none of text, json, junit/ },
    { args: ['policies', '--now', 'noon'], code: 2, want: /--now `noon` is no time/ },
    { args: ['untested'], code: 2, want: /the bundle `untested` has no test case\n$/ },
    { args: [], code: 2, want: /expected one folder, or --config; see --help\n$/ },
    { args: ['policies', 'more'], code: 2, want: /unexpected `more`/ },
  ];
  for (const { args, code, want } of slips) {
    it(`ends with ${code}: ${args.join(' ')}`, async () => {
      const result = await run(...args);
      assert.equal(result.code, code);
      assert.match(result.stderr, want);
    });
  }
});

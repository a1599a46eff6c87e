// `remit decide`: exactly DESIGN section 9, and the same answers as `remit serve`.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { checkResponseToJson } from '../../proto/protojson.ts';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, callJson, encodeCall, IDS, WAYS, writeBundle } from '../support/mesh.ts';
import { type Run, runRemit } from '../support/process.ts';
import { startServer } from '../support/server.ts';

const SHADOW = `
kind: Policy
metadata: {name: trial, namespace: pay}
spec:
  rules:
  - {id: closing, effect: forbid, from: {principals: ["${IDS.checkout}"]},
     to: {services: [payments], operations: [refund.create]},
     mode: {shadow: true, until: "2026-12-01T18:00:00Z"}}
`;
const SIDECAR = `
kind: Enforcer
metadata: {name: payments-sidecar, namespace: pay}
spec: {type: sidecar, identities: ["${IDS.payments}"], asserts: {peer: [principal]}}
`;

interface Decided {
  readonly outcome: string;
  readonly http: number;
  readonly grpc: number;
  readonly reasons: readonly string[];
  readonly rules: readonly string[];
  readonly shadow: readonly { readonly rule: string; readonly outcome: string }[];
  readonly response: object;
  readonly evidence: Readonly<Record<string, unknown>>;
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

describe('remit decide', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    const more = { 'shadow.yaml': SHADOW, 'sidecar.yaml': SIDECAR };
    writeBundle(folder.at('policies'), { ...BUNDLE, ...more });
    folder.write(
      'remit.yaml',
      'policies: ./policies\nrecords: {evidence: "file:e", decisions: "file:d"}\n',
    );
  });

  function run(stdin: string, ...options: string[]): Promise<Run> {
    return runRemit(['decide', '--config', 'remit.yaml', ...options], { cwd: folder.path, stdin });
  }

  async function decide(stdin: string, ...options: string[]): Promise<Decided[]> {
    const { code, stdout, stderr } = await run(stdin, ...options);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    return linesOf(stdout);
  }

  function linesOf(stdout: string): Decided[] {
    assert.ok(stdout === '' || stdout.endsWith('\n'));
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text) as Decided);
  }

  const all = WAYS.map(({ call }) => line(callJson(call))).join('');

  it('says of an allow and of a denial these fields in this order', async () => {
    const stdin = line(callJson()) + line(callJson({ path: '/v1/accounts/17' }));
    const [allowed, denied] = await decide(stdin, '--now', '2026-11-30T12:00:00+02:00');
    const order = ['outcome', 'http', 'grpc', 'reasons', 'rules', 'shadow', 'response', 'evidence'];
    for (const decided of [allowed!, denied!]) assert.deepEqual(Object.keys(decided), order);
    const { response, evidence, ...rest } = allowed!;
    assert.deepEqual(rest, {
      outcome: 'allow',
      http: 200,
      grpc: 0,
      reasons: [],
      rules: ['pay/accounts/checkout'],
      shadow: [],
    });
    assert.equal(evidence['kind'], 'authn.evidence');
    assert.equal(evidence['enforcer'], 'everything');
    assert.equal(evidence['time'], '2026-11-30T10:00:00.000Z');
    assert.ok('okResponse' in response);
    const { response: no, evidence: _, ...why } = denied!;
    assert.deepEqual(why, {
      outcome: 'deny',
      http: 403,
      grpc: 7,
      reasons: ['authz.forbidden'],
      rules: ['pay/accounts/disputed'],
      shadow: [],
    });
    assert.ok('deniedResponse' in no);
  });

  it('may assert everything, an anonymous peer among it', async () => {
    const decided = await decide(all);
    assert.deepEqual(
      decided.map(({ outcome, reasons }) => reasons[0] ?? outcome),
      WAYS.map(({ want }) => (want === 'authn.missing' ? 'authz.no_match' : want)),
    );
  });

  it('answers as the named enforcer, the same as `serve` would', async () => {
    const decided = await decide(all, '--enforcer', 'on-this-host');
    const server = await startServer(folder);
    try {
      for (const [index, { name, call, want }] of WAYS.entries()) {
        const served = checkResponseToJson(await server.client.send(encodeCall(call)));
        const { outcome, reasons, response } = decided[index]!;
        assert.equal(reasons[0] ?? outcome, want, name);
        assert.deepEqual(withoutIds(response), withoutIds(served as object), name);
      }
    } finally {
      await server.stop();
    }
  });

  it('asks as a sidecar about nobody but the workload beside it', async () => {
    const stdin = line(callJson()) + line(callJson({ to: IDS.reporting }));
    const decided = await decide(stdin, '--enforcer', 'pay/payments-sidecar');
    assert.deepEqual(
      decided.map(({ outcome, reasons }) => reasons[0] ?? outcome),
      ['allow', 'authn.enforcer_scope'],
    );
  });

  it('decides at the time of --now: the shadow rule enforces from the day it ends', async () => {
    const stdin = line(callJson({ method: 'POST', path: '/v1/accounts/42/refunds' }));
    const [before] = await decide(stdin, '--now', '2026-12-01T17:59:59Z');
    assert.equal(before!.outcome, 'allow');
    assert.deepEqual(before!.shadow, [{ rule: 'pay/trial/closing', outcome: 'deny' }]);
    const [after] = await decide(stdin, '--now', '2026-12-01T18:00:00Z');
    assert.deepEqual(after!.reasons, ['authz.forbidden']);
    assert.deepEqual(after!.rules, ['pay/trial/closing']);
    assert.deepEqual(after!.shadow, []);
  });

  it('decides 10,000 lines in order', async () => {
    const round = Array.from({ length: 10_000 }, (_, index) => WAYS[index % WAYS.length]!);
    const stdin = round.map(({ call }) => line(callJson(call))).join('');
    const decided = await decide(stdin, '--enforcer', 'on-this-host');
    assert.deepEqual(
      decided.map(({ outcome, reasons }) => reasons[0] ?? outcome),
      round.map(({ want }) => want),
    );
  });

  it('denies a line that is no CheckRequest, tells which, goes on, and exits with 1', async () => {
    const bad = ['{"attributes":', '"text"', '{"attribute": {}}', '{"attributes": 5}'];
    const good = line(callJson());
    const { code, stdout, stderr } = await run(`${good}${bad.join('\n')}\n${good}`);
    assert.equal(code, 1);
    const decided = linesOf(stdout);
    assert.deepEqual(
      decided.map(({ outcome, http, reasons }) => [outcome, http, ...reasons]),
      [['allow', 200], ...bad.map(() => ['deny', 400, 'ctx.malformed_request']), ['allow', 200]],
    );
    const told = stderr.trimEnd().split('\n');
    for (const [index, text] of told.entries()) {
      assert.ok(text.startsWith(`remit decide: line ${index + 2} is no CheckRequest: `), text);
    }
    assert.equal(told.length, bad.length);
  });

  it('takes lines as they come: empty ones, carriage returns, separators within, no end', async () => {
    const within = line(callJson({ headers: { 'x-note': 'a\u2028b\u2029c\u0085d' } }));
    const crlf = line(callJson()).replace('\n', '\r\n');
    const last = line(callJson({ from: IDS.reporting })).trimEnd();
    const decided = await decide(`\n${within}\n  \n${crlf}${last}`);
    assert.deepEqual(
      decided.map(({ outcome }) => outcome),
      ['allow', 'allow', 'deny'],
    );
  });

  it('decides nothing when it is given nothing, and never writes records', async () => {
    assert.deepEqual(await decide(''), []);
    assert.deepEqual([folder.at('e'), folder.at('d')].map(existsSync), [false, false]);
  });

  const refused: { name: string; options: string[]; want: RegExp }[] = [
    {
      name: 'an enforcer that the bundle does not have',
      options: ['--enforcer', 'on-that-host'],
      want: /^remit decide: the bundle has no Enforcer `on-that-host`; it has on-this-host, pay\/payments-sidecar; did you mean `on-this-host`\?\n$/,
    },
    {
      name: 'a time without a zone',
      options: ['--now', '2026-12-01T18:00:00'],
      want: /is no time/,
    },
    {
      name: 'a day',
      options: ['--now', '2026-12-01'],
      want: /expected RFC 3339, 2026-12-01T18:00:00Z/,
    },
    {
      name: 'a month that is none',
      options: ['--now', '2026-13-01T18:00:00Z'],
      want: /is no time/,
    },
    { name: 'a time before 1970', options: ['--now', '1969-12-31T23:59:59Z'], want: /is no time/ },
  ];
  for (const { name, options, want } of refused) {
    it(`refuses ${name}, in one line, with exit code 2`, async () => {
      const args = ['decide', '--config', 'remit.yaml', ...options];
      const { code, stdout, stderr } = await commands.run(args, folder.path);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, want);
      assert.equal(stderr.split('\n').length, 2);
    });
  }
});

function withoutIds(response: object): unknown {
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  return JSON.parse(JSON.stringify(response).replace(uuid, 'ID'));
}

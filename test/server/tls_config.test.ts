// `tls` in remit.yaml: what it means, and what is told of mistakes.

import assert from 'node:assert/strict';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { parseConfig, type ResolvedConfig } from '../../server/config.ts';

function parse(text: string): { config: ResolvedConfig | undefined; told: string[] } {
  const diagnostics = new Diagnostics();
  const config = parseConfig('/etc/remit/remit.yaml', `policies: ./p\n${text}\n`, diagnostics);
  return { config, told: diagnostics.list.map(formatDiagnostic) };
}

describe('tls in remit.yaml', () => {
  const files = { cert: '/etc/remit/a.pem', key: '/k/a.key' };
  const accepted: { text: string; want: ResolvedConfig['tls'] }[] = [
    { text: 'tls: {}', want: undefined },
    {
      text: 'tls: {check: {cert: a.pem, key: /k/a.key}}',
      want: { ...files, clientBundles: undefined },
    },
    {
      text: 'trustDomain: a.example\ntls: {check: {cert: a.pem, key: /k/a.key, clientBundle: c}}',
      want: { ...files, clientBundles: [['a.example', '/etc/remit/c']] },
    },
    {
      text: 'tls: {check: {cert: a.pem, key: /k/a.key, clientBundle: {a.example: c, b.c: /d}}}',
      want: {
        ...files,
        clientBundles: [
          ['a.example', '/etc/remit/c'],
          ['b.c', '/d'],
        ],
      },
    },
  ];
  for (const { text, want } of accepted) {
    it(`accepts \`${text}\``, () => {
      const { config, told } = parse(text);
      assert.deepEqual(told, []);
      assert.deepEqual(config?.tls, want);
    });
  }

  it('takes all of it from the Workload API', () => {
    const text = 'workloadApi: "unix:/run/agent.sock"\ntls: {check: {workloadApi: true}}';
    const { config, told } = parse(text);
    assert.deepEqual(told, []);
    assert.equal(config?.tls, 'workloadApi');
    assert.deepEqual(config?.workloadApi, { kind: 'unix', path: '/run/agent.sock' });
    assert.deepEqual(config?.withoutEffect, []);
    // Alone it serves Issuers that read it.
    assert.deepEqual(parse('workloadApi: "unix:/a"').config?.withoutEffect, []);
  });

  it('leaves a handshake five seconds, or what `limits.handshakeMs` says', () => {
    assert.equal(parse('').config?.limits.handshakeMs, 5_000);
    assert.equal(parse('limits: {handshakeMs: 100}').config?.limits.handshakeMs, 100);
    assert.equal(parse('limits: {handshakeMs: 0}').config, undefined);
  });

  const refused: { text: string; column: number; want: RegExp }[] = [
    { text: 'tls: {check: {}}', column: 14, want: /tls\.check\.cert is missing/ },
    { text: 'tls: {check: {cert: a}}', column: 14, want: /tls\.check\.key is missing/ },
    { text: 'tls: {check: {key: a}}', column: 14, want: /tls\.check\.cert is missing/ },
    { text: 'tls: {check: {clientBundle: a}}', column: 14, want: /tls\.check\.cert is missing/ },
    {
      text: 'tls: {check: {cert: a, key: b, clientBundle: ca.pem}}',
      column: 46,
      want: /one file is the bundle of `trustDomain`, which is not set; expected /,
    },
    {
      text: 'tls: {check: {cert: a, key: b, clientBundle: {}}}',
      column: 46,
      want: /no trust domain is in it/,
    },
    {
      text: 'tls: {check: {cert: a, key: b, clientBundle: {"spiffe://a": c}}}',
      column: 46,
      want: /tls\.check\.clientBundle/,
    },
    {
      text: 'tls: {check: {workloadApi: true}}',
      column: 28,
      want: /the Workload API is not configured; expected `workloadApi: "unix:\/path"` in remit\.yaml/,
    },
    {
      text: 'tls: {check: {workloadApi: true, cert: a}}',
      column: 40,
      want: /tls\.check\.cert beside `workloadApi`, which gives certificate, key and bundles/,
    },
    {
      text: 'tls: {check: {workloadApi: true, clientBundle: {}}}',
      column: 48,
      want: /tls\.check\.clientBundle beside `workloadApi`/,
    },
    {
      text: 'tls: {check: {workloadApi: false}}',
      column: 28,
      want: /tls\.check\.workloadApi/,
    },
    { text: 'workloadApi: "/run/agent.sock"', column: 14, want: /must be `unix:\/path` or `tcp:/ },
    {
      text: 'tls: {admin: {workloadApi: true}}',
      column: 7,
      want: /`admin` in tls is not available in this version$/,
    },
  ];
  for (const { text, column, want } of refused) {
    it(`refuses \`${text}\``, () => {
      const { config, told } = parse(text);
      assert.equal(config, undefined);
      assert.equal(told.length, 1, told.join());
      assert.match(told[0]!, want);
      assert.ok(told[0]!.includes(`:2:${column}: `), told[0]);
    });
  }
});

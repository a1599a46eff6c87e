// remit.yaml: the names of DESIGN section 9, what they mean, and what is told of mistakes.

import assert from 'node:assert/strict';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import { parseConfig, type ResolvedConfig } from '../../server/config.ts';

const MiB = 1024 * 1024;

function parse(text: string): { config: ResolvedConfig | undefined; told: string[] } {
  const diagnostics = new Diagnostics();
  const config = parseConfig('/etc/remit/remit.yaml', text, diagnostics);
  return { config, told: diagnostics.list.map(formatDiagnostic) };
}

function valid(text: string): ResolvedConfig {
  const { config, told } = parse(text);
  assert.deepEqual(told, []);
  assert.ok(config);
  return config;
}

/** What stands in DESIGN section 9, but for the keys that are not available yet. */
const DESIGN_SAMPLE = `
policies: ./policies
trustDomain: prod.example
listen: {check: "127.0.0.1:9191", admin: "127.0.0.1:9192", http: "127.0.0.1:9190"}    # or unix:/path; tls: {…} beside them
threads: {acceptors: auto, pool: auto}
envoy: {pathNormalization: DECODE_AND_MERGE_SLASHES, ambiguousPaths: deny, trustedHops: 0}   # NONE BASE MERGE_SLASHES DECODE_AND_MERGE_SLASHES; deny | match
istio: {rootNamespace: istio-system, trustDomainAliases: [], implicitAllow: false}
records: {evidence: "file:evidence.ndjson", decisions: "file:/var/log/decisions.ndjson"}                                   # or stdout
workloadApi: "unix:/run/spire/agent.sock"                                            # SPIFFE Workload API: serving certificate, bundles
`;

describe('remit.yaml', () => {
  it('is accepted as the design shows it', () => {
    const config = valid(DESIGN_SAMPLE);
    assert.equal(config.policies, '/etc/remit/policies');
    assert.deepEqual(config.settings, { ...DEFAULT_SETTINGS, trustDomain: 'prod.example' });
    assert.deepEqual(config.listen, {
      check: [{ kind: 'tcp', host: '127.0.0.1', port: 9191 }],
      http: { kind: 'tcp', host: '127.0.0.1', port: 9190 },
    });
    assert.equal(config.records.bufferBytes, 32 * MiB);
    assert.deepEqual(config.records.evidence, {
      kind: 'file',
      path: '/etc/remit/evidence.ndjson',
    });
    assert.deepEqual(config.records.decisions, {
      kind: 'file',
      path: '/var/log/decisions.ndjson',
    });
    assert.deepEqual(config.withoutEffect, ['listen.admin', 'istio', 'envoy.trustedHops']);
  });

  it('needs nothing but `policies`', () => {
    const { poolThreads, acceptors, ...config } = valid('policies: /srv/policies');
    assert.ok(poolThreads >= 1 && poolThreads <= 4);
    assert.ok(acceptors >= 1 && acceptors <= 4);
    assert.deepEqual(config, {
      policies: '/srv/policies',
      settings: DEFAULT_SETTINGS,
      listen: {
        check: [{ kind: 'tcp', host: '127.0.0.1', port: 9191 }],
        http: { kind: 'tcp', host: '127.0.0.1', port: 9190 },
      },
      poolHeapMiB: 256,
      records: {
        evidence: { kind: 'stdout' },
        decisions: { kind: 'stdout' },
        bufferBytes: 32 * MiB,
      },
      limits: {
        deadlineMs: 100,
        deadlineMarginMs: 10,
        drainMs: 10_000,
        streamsMax: 1_000,
        connectionsMax: 1_024,
        silentMs: 10_000,
        unfinishedMs: 5_000,
        unfinishedBytes: 64 * 1024 * 1024,
        connectionAgeMs: 1_800_000,
        connectionGraceMs: 10_000,
        reloadMs: 1_000,
        handshakeMs: 5_000,
      },
      handOff: undefined,
      workloadApi: undefined,
      tls: undefined,
      tracing: undefined,
      logLevel: 'info',
      withoutEffect: [],
    });
  });

  interface Accepted {
    readonly text: string;
    readonly read: (config: ResolvedConfig) => unknown;
    readonly want: unknown;
  }
  const accepted: Accepted[] = [
    {
      text: 'tracing: {otlp: "http://127.0.0.1:4318/v1/traces"}',
      read: ({ tracing }) => tracing,
      want: { otlp: 'http://127.0.0.1:4318/v1/traces', sampleRatio: 1 },
    },
    {
      text: 'tracing: {otlp: "https://otel.example/v1/traces", sampleRatio: 0.25}',
      read: ({ tracing }) => tracing,
      want: { otlp: 'https://otel.example/v1/traces', sampleRatio: 0.25 },
    },
    {
      text: 'listen: {check: "unix:/run/remit.sock"}',
      read: ({ listen }) => listen.check,
      want: [{ kind: 'unix', path: '/run/remit.sock' }],
    },
    {
      text: 'listen: {check: ["127.0.0.1:9191", "unix:/run/remit.sock"]}',
      read: ({ listen }) => listen.check,
      want: [
        { kind: 'tcp', host: '127.0.0.1', port: 9191 },
        { kind: 'unix', path: '/run/remit.sock' },
      ],
    },
    { text: 'threads: {acceptors: 2}', read: (it) => it.acceptors, want: 2 },
    {
      text: 'threads: {acceptors: 2}\nlisten: {check: "unix:/run/remit.sock"}',
      read: (it) => it.acceptors,
      want: 1,
    },
    { text: 'threads: {pool: 0}', read: (it) => it.poolThreads, want: 0 },
    { text: 'threads: {pool: 3}', read: (it) => it.poolThreads, want: 3 },
    { text: 'threads: {acceptors: 1, poolHeapMiB: 64}', read: (it) => it.poolHeapMiB, want: 64 },
    ...['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'].map(
      (level): Accepted => ({
        text: `envoy: {pathNormalization: ${level}}`,
        read: (it) => it.settings.pathNormalization,
        want: level,
      }),
    ),
    {
      text: 'envoy: {ambiguousPaths: match}',
      read: (it) => it.settings.ambiguousPaths,
      want: 'match',
    },
    {
      text: 'istio: {trustDomainAliases: [old.example], implicitAllow: true}',
      read: (it) => it.withoutEffect,
      want: ['istio'],
    },
    {
      text: 'records: {evidence: stdout, decisions: stdout}',
      read: ({ records }) => [records.evidence.kind, records.decisions.kind],
      want: ['stdout', 'stdout'],
    },
    {
      text: 'records: {evidence: "file:/dev/null", decisions: "file:/dev/null"}',
      read: ({ records }) => records.evidence,
      want: { kind: 'file', path: '/dev/null' },
    },
    { text: 'records: {bufferMiB: 1}', read: (it) => it.records.bufferBytes, want: MiB },
    { text: 'limits: {deadlineMs: 50}', read: (it) => it.limits.deadlineMs, want: 50 },
    { text: 'limits: {deadlineMarginMs: 0}', read: (it) => it.limits.deadlineMarginMs, want: 0 },
    { text: 'limits: {drainMs: 0}', read: (it) => it.limits.drainMs, want: 0 },
    { text: 'limits: {streamsMax: 1}', read: (it) => it.limits.streamsMax, want: 1 },
    { text: 'log: {level: silent}', read: (it) => it.logLevel, want: 'silent' },
  ];
  for (const { text, read, want } of accepted) {
    it(`accepts \`${text}\``, () => {
      assert.deepEqual(read(valid(`policies: ./policies\n${text}\n`)), want);
    });
  }

  /** Each stands in line 2; `want` is what comes behind the position. */
  const refused: { text: string; column: number; want: RegExp }[] = [
    {
      text: 'listen: {check: {length: {toString: a}}}',
      column: 26,
      want: /listen\.check\.length: unexpected map$/,
    },
    {
      text: 'polices: ./policies',
      column: 1,
      want: /unknown field `polices`; expected one of policies, .*; did you mean `policies`\?$/,
    },
    {
      text: 'listen: {chek: "127.0.0.1:9191"}',
      column: 10,
      want: /unknown field `chek` in listen; expected one of check, admin, http; did you mean `check`\?$/,
    },
    {
      text: 'envoy: {pathNormalization: MERGE_SLASH}',
      column: 28,
      want: /`MERGE_SLASH` is no value of envoy\.pathNormalization; expected one of NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES; did you mean `MERGE_SLASHES`\?$/,
    },
    {
      text: 'envoy: {ambiguousPaths: allow}',
      column: 25,
      want: /`allow` is no value of envoy\.ambiguousPaths; expected one of deny, match/,
    },
    {
      text: 'listen: {check: "9191"}',
      column: 17,
      want: /listen\.check: must be `host:port` or `unix:\/path`$/,
    },
    {
      text: 'listen: {check: ["127.0.0.1:9191", "remit.example:1"]}',
      column: 36,
      want: /listen\.check\[1\]: must be `host:port` or `unix:\/path`$/,
    },
    { text: 'listen: {check: []}', column: 17, want: /listen\.check: / },
    {
      text: 'listen: {http: "*:9190"}',
      column: 16,
      want: /listen\.http: must be `host:port` or `unix:\/path`$/,
    },
    { text: 'threads: {pool: many}', column: 17, want: /threads\.pool: / },
    { text: 'threads: {pool: 1000}', column: 17, want: /threads\.pool: / },
    { text: 'threads: {acceptors: 0}', column: 22, want: /threads\.acceptors: / },
    {
      text: 'records: {evidence: evidence.ndjson}',
      column: 21,
      want: /records\.evidence: must be `stdout` or `file:PATH`$/,
    },
    {
      text: 'trustDomain: "Prod Example"',
      column: 14,
      want: /trustDomain: must be a trust domain/,
    },
    {
      text: 'records: {evidence: "file:all", decisions: "file:./x/../all"}',
      column: 44,
      want: /both streams of records go to one file; expected a file for each$/,
    },
    { text: 'istio: {implicitAllow: "yes"}', column: 24, want: /istio\.implicitAllow: / },
    { text: 'tracing: {sampleRatio: 1}', column: 10, want: /tracing\.otlp is missing/ },
    ...['127.0.0.1:4318', 'grpc://collector:4317', 'http://me:secret@collector/', ''].map(
      (url) => ({
        text: `tracing: {otlp: "${url}"}`,
        column: 17,
        want: /tracing\.otlp: must be a URL such as /,
      }),
    ),
    {
      text: 'tracing: {otlp: "http://a/", sampleRatio: 2}',
      column: 43,
      want: /tracing\.sampleRatio: /,
    },
    { text: 'limits: {deadlineMs: 0}', column: 22, want: /limits\.deadlineMs: / },
    { text: 'limits: {drainMs: 1.5}', column: 19, want: /limits\.drainMs: / },
    ...['state: {sqlite: ./remit.db}'].map((text) => ({
      text,
      column: 1,
      want: new RegExp(`\`${text.split(':')[0]}\` is not available in this version$`),
    })),
  ];
  for (const { text, column, want } of refused) {
    it(`refuses \`${text}\` with its place and what was expected`, () => {
      const { config, told } = parse(`policies: ./policies\n${text}\n`);
      assert.equal(config, undefined);
      assert.equal(told.length, 1, told.join('\n'));
      const place = `/etc/remit/remit.yaml:2:${column}: error: `;
      assert.equal(told[0]!.slice(0, place.length), place);
      assert.match(told[0]!.slice(place.length), want);
    });
  }

  it('tells every mistake at once', () => {
    const { config, told } = parse(
      'polices: x\nlisten: {check: "9191", htp: "127.0.0.1:1"}\nstate: {}\nlimits: {drainMs: -1}\n',
    );
    assert.equal(config, undefined);
    assert.deepEqual(
      told.map((line) => line.split(': ')[0]).sort(),
      ['1:1', '1:1', '2:17', '2:25', '3:1', '4:19'].map((at) => `/etc/remit/remit.yaml:${at}`),
    );
  });

  const noDocument: { name: string; text: string; want: RegExp }[] = [
    { name: 'nothing', text: '', want: /one document is expected/ },
    { name: 'comments only', text: '# nothing\n', want: /one document is expected/ },
    {
      name: 'two documents',
      text: 'policies: a\n---\npolicies: b\n',
      want: /one document is expected/,
    },
    { name: 'a list', text: '- policies\n', want: /:1:1: error: / },
    { name: 'no policies', text: 'trustDomain: a.example\n', want: /policies is missing/ },
    { name: 'broken YAML', text: 'policies: [\n', want: /remit\.yaml:\d+:\d+: error: / },
    { name: 'a key twice', text: 'policies: a\npolicies: b\n', want: /:2:1: error: .*unique/ },
  ];
  for (const { name, text, want } of noDocument) {
    it(`cannot hold ${name}`, () => {
      const { config, told } = parse(text);
      assert.equal(config, undefined);
      assert.match(told.join('\n'), want);
    });
  }
});

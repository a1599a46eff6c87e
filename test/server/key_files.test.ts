// The files that an Issuer names: how they are read, and that every thread and command verifies
// certificates with them.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import { relative } from 'node:path';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { loadBundle, loadKeyFiles } from '../../server/load_bundle.ts';
import {
  HOUR_MS,
  keysOf,
  makeAuthority,
  makeSvid,
  pemOf,
  sentForm,
} from '../support/certificates.ts';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, type Call, callJson, encodeCall, IDS, writeBundle } from '../support/mesh.ts';
import { runRemit } from '../support/process.ts';
import { startServer, type TestServer } from '../support/server.ts';

const ISSUER = `
kind: Issuer
metadata: {name: workloads}
spec: {x509: {trustDomain: mesh.example, bundle: ./keys/root.pem, maxLifetime: 24h}}
`;
const FILES = {
  ...BUNDLE,
  'issuer.yaml': ISSUER,
  'enforcer.yaml': BUNDLE['enforcer.yaml']!.replace('[principal]', '[principal, certificate]'),
};

const now = Date.now();
const lately = { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS };
const ROOT = pemOf(makeAuthority('root', { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS }));
const GOOD = sentForm(makeSvid(IDS.checkout, 'root', lately));
const FORGED = sentForm(makeSvid(IDS.checkout, 'root', { ...lately, signedBy: keysOf('other') }));

const ASKED: readonly (readonly [name: string, call: Call, want: string])[] = [
  ['a good certificate', { certificate: GOOD }, 'allow'],
  ['a forged one', { certificate: FORGED }, 'authn.untrusted_issuer'],
  ['one of another caller', { certificate: GOOD, from: IDS.reporting }, 'authn.identity_conflict'],
  ['none', {}, 'allow'],
];

describe('key files', () => {
  const folder = useFolder();

  function load(name: string): { texts: (string | undefined)[]; told: string[] } {
    const diagnostics = new Diagnostics();
    const { keyFiles } = parseBundle(loadBundle(folder.at(name), diagnostics), diagnostics);
    const texts = loadKeyFiles(keyFiles, diagnostics);
    return {
      texts: keyFiles.map((file) => texts.get(file.name)),
      told: diagnostics.list.map(formatDiagnostic),
    };
  }

  function write(name: string, bundle: string): string {
    mkdirSync(folder.at(`${name}/sub`), { recursive: true });
    folder.write(`${name}/sub/issuer.yaml`, ISSUER.replace('./keys/root.pem', bundle));
    return `${relative(process.cwd(), folder.at(`${name}/sub/issuer.yaml`))}:4:50: error: `;
  }

  it('are read beside the file that names them, above it, or anywhere', () => {
    folder.write('anywhere.pem', 'anywhere');
    write('bundle', '../../anywhere.pem');
    folder.write('bundle/sub/keys.pem', 'beside');
    assert.deepEqual(load('bundle'), { texts: ['anywhere'], told: [] });
    write('bundle', 'keys.pem');
    assert.deepEqual(load('bundle'), { texts: ['beside'], told: [] });
    write('bundle', folder.at('anywhere.pem'));
    assert.deepEqual(load('bundle'), { texts: ['anywhere'], told: [] });
  });

  it('that are not there are told where they are named', () => {
    const at = write('missing', './none.pem');
    const { texts, told } = load('missing');
    assert.deepEqual(texts, [undefined]);
    assert.ok(told[0]?.startsWith(`${at}cannot be read: ENOENT`), told.join());
    assert.equal(told.length, 1);
  });

  it('that are no files, or too large, are not read', () => {
    let at = write('odd', './folder');
    mkdirSync(folder.at('odd/sub/folder'));
    const inFolder = relative(process.cwd(), folder.at('odd/sub/folder'));
    assert.deepEqual(load('odd').told, [`${at}\`${inFolder}\` is no file`]);
    at = write('large', './large.pem');
    folder.write('large/sub/large.pem', '');
    truncateSync(folder.at('large/sub/large.pem'), 1024 * 1024 + 1);
    const name = relative(process.cwd(), folder.at('large/sub/large.pem'));
    assert.deepEqual(load('large').told, [`${at}\`${name}\` is too large; expected 1 MiB at most`]);
  });
});

describe('certificates are verified (C-110)', () => {
  const folder = useFolder();
  before(() => {
    writeBundle(folder.at('policies'), FILES);
    mkdirSync(folder.at('policies/keys'));
    folder.write('policies/keys/root.pem', ROOT);
    folder.write('remit.yaml', 'policies: ./policies\n');
  });

  for (const pool of [0, 1]) {
    describe(pool === 0 ? 'on the acceptor' : 'on the pool', () => {
      let server: TestServer;
      before(async () => {
        const keyFiles = new Map([['keys/root.pem', ROOT]]);
        server = await startServer(folder, {
          bundle: FILES,
          keyFiles,
          config: `threads: {pool: ${pool}}\nrecords: {evidence: "file:e", decisions: "file:d"}`,
        });
      });
      after(() => server.stop());

      for (const [name, call, want] of ASKED) {
        it(`${name}: ${want}`, async () => {
          // What is large goes to the pool.
          const headers = { 'x-filler': 'x'.repeat(pool === 0 ? 0 : 20_000) };
          const answer = await server.client.check(encodeCall({ ...call, headers }));
          assert.equal(answer.result, want);
        });
      }

      it('and counted', async () => {
        assert.equal(await server.metric('remit_evidence_cache_total{result="hit"}'), 1);
        assert.equal(await server.metric('remit_evidence_cache_total{result="miss"}'), 2);
        const series = 'remit_authn_total{result="verified",method="x509_svid"}';
        assert.equal(await server.metric(series), 1);
        const ignored = 'remit_ignored_assertions_total{assertion="certificate"}';
        assert.equal(await server.metric(ignored), 0);
      });
    });
  }

  it('and what an enforcer may not assert is counted', async () => {
    const server = await startServer(folder);
    try {
      await server.client.check(encodeCall({ certificate: FORGED }));
      const ignored = 'remit_ignored_assertions_total{assertion="certificate"}';
      assert.equal(await server.metric(ignored), 1);
    } finally {
      await server.stop();
    }
  });

  it('by `remit decide`, also for an asker that may assert everything', async () => {
    const lines = ASKED.map(([, call]) => `${JSON.stringify(callJson(call))}\n`).join('');
    for (const options of [[], ['--enforcer', 'on-this-host']]) {
      const args = ['decide', '--config', folder.at('remit.yaml'), ...options];
      const { code, stdout, stderr } = await runRemit(args, { stdin: lines });
      assert.equal(code, 0, stderr);
      const results = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        results.map(({ reasons, outcome }) => reasons[0] ?? outcome),
        ASKED.map(([, , want]) => want),
      );
      assert.equal(results[0].evidence.assurance, 'svid');
    }
  });

  it('and `remit validate` says what is wrong with a key file, and what has expired', async () => {
    const args = ['validate', folder.at('policies')];
    assert.equal((await runRemit(args)).code, 0);
    folder.write('policies/keys/root.pem', pemOf(makeAuthority('root', { notAfter: now - 1000 })));
    const expired = await runRemit(args);
    assert.equal(expired.code, 0);
    assert.match(expired.stderr, /issuer.yaml:4:50: warning: 1 of 1 authorities .* have expired/);
    folder.write('policies/keys/root.pem', 'garbage');
    const broken = await runRemit(args);
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /issuer.yaml:4:50: error: .*keys\/root.pem:1: text outside/);
    rmSync(folder.at('policies/keys/root.pem'));
    const missing = await runRemit(args);
    assert.equal(missing.code, 2);
    assert.equal(missing.stderr.match(/error:/g)?.length, 1, missing.stderr);
  });
});

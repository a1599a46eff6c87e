// A broken bundle or configuration: everything that is wrong with it, at once, with exit code 2;
// the same from every command that reads it.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, writeBundle } from '../support/mesh.ts';

const BROKEN = `kind: Service
metadata: {name: payments, namespace: pay}
spec:
  destination: ["spiffe://mesh.example/ns/pay/sa/payments"]
  operations:
    account.read: {http: "GET /v1/accounts/{account}", verb: red}
---
kind: Polcy
metadata: {name: accounts, namespace: pay}
---
kind: Policy
metadata: {name: accounts, namespace: pay}
spec:
  rules:
  - {id: checkout, effect: allow, from: {}, to: {services: [payments]}}
`;

const DIAGNOSTICS = [
  /^policies\/broken\.yaml:4:3: error: unknown field `destination` in spec; expected one of destinations, .*; did you mean `destinations`\?$/m,
  /^policies\/broken\.yaml:6:62: error: `red` is no value of spec\.operations\.account\.read\.verb; expected one of read, .*; did you mean `read`\?$/m,
  /^policies\/broken\.yaml:8:7: error: unknown kind `Polcy`; expected one of .*; did you mean `Policy`\?$/m,
  /^policies\/broken\.yaml:15:28: error: `allow` is no value of spec\.rules\[0\]\.effect; expected one of permit, forbid/m,
];

const READERS = [
  ['validate', 'policies'],
  ['validate', '--config', 'remit.yaml'],
  ['serve', '--config', 'remit.yaml'],
  ['decide', '--config', 'remit.yaml'],
];

describe('a broken bundle', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    writeBundle(folder.at('policies'), { ...BUNDLE, 'broken.yaml': BROKEN });
    folder.write('remit.yaml', 'policies: ./policies\n');
  });

  for (const args of READERS) {
    it(`is told in full, with places and suggestions, and exit code 2: remit ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await commands.run(args, folder.path);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      for (const diagnostic of DIAGNOSTICS) assert.match(stderr, diagnostic);
      assert.equal(stderr.match(/: error: /g)?.length, DIAGNOSTICS.length);
      assert.match(stderr, /\nremit \w+: the bundle `[^`]*policies` is not valid\n$/);
    });
  }

  it('with more than 200 mistakes is told the first ones and the count', async () => {
    const rules = Array.from({ length: 250 }, (_, index) => `  r${index}: {}`).join('\n');
    folder.write(
      'many.yaml',
      `kind: Policy\nmetadata: {name: a, namespace: b}\nspec:\n  rules: []\n${rules}\n`,
    );
    const { code, stderr } = await commands.run(['validate', folder.at('many.yaml')]);
    assert.equal(code, 2);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.filter((line) => line.includes(': error: ')).length, 200);
    assert.match(lines.at(-2)!, /^and at least \d+ more$/);
  });

  it('may be a folder that is not there', async () => {
    folder.write('missing.yaml', 'policies: ./nowhere\n');
    const { code, stderr } = await commands.run(['serve', '--config', 'missing.yaml'], folder.path);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^nowhere:1:1: error: cannot be read: ENOENT.*\nremit serve: the bundle `[^`]*nowhere` is not valid\n$/,
    );
  });
});

describe('a broken configuration', () => {
  const folder = useFolder();
  const commands = useCommands();

  it('that cannot be read is told in one line', async () => {
    mkdirSync(folder.at('directory'));
    for (const [path, code] of [
      ['nowhere.yaml', 'ENOENT'],
      ['directory', 'EISDIR'],
    ] as const) {
      const run = await commands.run(['serve', '--config', path], folder.path);
      assert.deepEqual([run.code, run.stdout], [2, '']);
      const want = `^remit serve: cannot read \`${path}\`: ${code}[^\n]*\n$`;
      assert.match(run.stderr, new RegExp(want));
    }
  });

  it('is told in full, with places and suggestions', async () => {
    const path = folder.write('remit.yaml', 'polices: x\nlisten: {chek: "127.0.0.1:1", http: 5}\n');
    const { code, stdout, stderr } = await commands.run(['serve', '--config', path]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 5, stderr);
    assert.ok(lines.slice(0, -1).every((line) => line.startsWith(`${path}:`)));
    assert.match(
      stderr,
      /:1:1: error: unknown field `polices`; expected .*; did you mean `policies`\?$/m,
    );
    assert.match(stderr, /:1:1: error: policies is missing/m);
    assert.match(
      stderr,
      /:2:10: error: unknown field `chek` in listen; .*; did you mean `check`\?$/m,
    );
    assert.match(stderr, /:2:37: error: listen\.http: /m);
    assert.equal(lines.at(-1), `remit serve: \`${path}\` is not valid`);
  });
});

describe('a valid bundle', () => {
  const folder = useFolder();
  const commands = useCommands();

  it('is summed up with both digests, from a folder or a configuration', async () => {
    writeBundle(folder.at('policies'));
    folder.write('remit.yaml', 'policies: ./policies\n');
    const byFolder = await commands.run(['validate', folder.at('policies')]);
    const byConfig = await commands.run(['validate', '--config', folder.at('remit.yaml')]);
    assert.match(
      byFolder.stdout,
      /^valid: 4 files, 1 service, 2 rules\nproof digest {2}sha256:[0-9a-f]{64}\npolicy digest sha256:[0-9a-f]{64}\n$/,
    );
    assert.deepEqual([byFolder.code, byFolder.stderr], [0, '']);
    assert.deepEqual(byConfig, byFolder);
  });

  it('is judged with the settings of the configuration, which count for its digests', async () => {
    folder.write('other.yaml', 'policies: ./policies\nenvoy: {ambiguousPaths: match}\n');
    const linesOf = async (name: string) =>
      (await commands.run(['validate', '--config', folder.at(name)])).stdout.split('\n');
    const one = await linesOf('remit.yaml');
    const other = await linesOf('other.yaml');
    assert.equal(one[1], other[1], 'what proves is the same');
    assert.notEqual(one[2], other[2], 'what permits is not');
  });

  it('may be empty', async () => {
    mkdirSync(folder.at('empty'));
    const { code, stdout } = await commands.run(['validate', folder.at('empty')]);
    assert.equal(code, 0);
    assert.match(stdout, /^valid: 0 files, 0 services, 0 rules\n/);
  });
});

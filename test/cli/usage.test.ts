// How the command line explains itself, and what it says of slips.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { useCommands } from '../support/commands.ts';
import { runRemit } from '../support/process.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const COMMANDS = [
  'serve',
  'validate',
  'decide',
  'test',
  'explain',
  'can-i',
  'review',
  'completion',
  'version',
];

const HELP = [['--help'], ['-h'], ['help']];
const VERSION = [['version'], ['--version']];

const SLIPS: { args: string[]; want: RegExp }[] = [
  { args: [], want: /^remit decides, .*\nUsage: remit <command>/s },
  {
    args: ['sevre'],
    want: /^remit: no command `sevre`; did you mean `serve`\?\nSee `remit --help`\.\n$/,
  },
  { args: ['validat'], want: /did you mean `validate`\?/ },
  { args: ['explode'], want: /^remit: no command `explode`\nSee `remit --help`\.\n$/ },
  {
    args: ['serve'],
    want: /^remit serve: --config is missing; expected `--config remit\.yaml`\n$/,
  },
  {
    args: ['decide'],
    want: /^remit decide: --config is missing; expected `--config remit\.yaml`\n$/,
  },
  {
    args: ['serve', '--confg', 'x'],
    want: /^remit serve: Unknown option '--confg'.*see --help\n$/,
  },
  {
    args: ['serve', '--config'],
    want: /^remit serve: Option '--config <value>' argument missing.*\n$/,
  },
  { args: ['serve', 'policies'], want: /^remit serve: unexpected `policies`; see --help\n$/ },
  { args: ['decide', 'x'], want: /^remit decide: unexpected `x`; see --help\n$/ },
  {
    args: ['validate'],
    want: /^remit validate: expected one folder, or --config; see --help\n$/,
  },
  {
    args: ['validate', 'a', 'b'],
    want: /^remit validate: expected one folder, or --config; see --help\n$/,
  },
  {
    args: ['validate', 'a', '--config', 'b'],
    want: /^remit validate: expected one folder, or --config; see --help\n$/,
  },
];

describe('remit', () => {
  const commands = useCommands();

  for (const args of HELP) {
    it(`lists its commands and exit codes: remit ${args}`, async () => {
      const { code, stdout, stderr } = await commands.run(args);
      assert.equal(code, 0);
      assert.equal(stderr, '');
      for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${command} +\\w`, 'm'));
      assert.match(stdout, /^Exit codes: 0 /m);
    });
  }

  for (const command of COMMANDS) {
    it(`shows usage, exit codes and examples: remit ${command} --help`, async () => {
      const { code, stdout, stderr } = await commands.run([command, '--help']);
      assert.equal(code, 0);
      assert.equal(stderr, '');
      assert.match(stdout, new RegExp(`^Usage: remit ${command}`, 'm'));
      assert.match(stdout, /^Exit codes: 0 /m);
      assert.match(stdout, new RegExp(`^Examples:\\n(?: .*\\n)* {2}remit ${command}`, 'm'));
      assert.ok(stdout.split('\n').every((line) => line.length <= 110));
    });
  }

  for (const args of VERSION) {
    it(`prints its version and Node's: remit ${args}`, async () => {
      const { code, stdout } = await commands.run(args);
      assert.equal(code, 0);
      assert.equal(stdout, `remit ${version} (node ${process.versions.node})\n`);
    });
  }

  for (const { args, want } of SLIPS) {
    it(`exits with 2 and says what is wrong: remit ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await commands.run(args);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, want);
    });
  }

  it('ends its process with the exit code of the command', async () => {
    assert.equal((await runRemit(['version'])).code, 0);
    assert.equal((await runRemit(['sevre'])).code, 2);
  });
});

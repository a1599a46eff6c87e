// What the shell offers behind `remit`: asked of the shells themselves.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { useCommands } from '../support/commands.ts';
import { useFolder } from '../support/folder.ts';

/** What stands on the line, its last word being completed, and what is offered. */
const CASES: readonly (readonly [line: string, want: readonly string[]])[] = [
  ['remit va', ['validate']],
  ['remit --ver', ['--version']],
  ['remit serve --', ['--config', '--help']],
  ['remit validate --s', ['--strict']],
  ['remit validate --format ', ['json', 'sarif', 'text']],
  ['remit validate --format s', ['sarif']],
  ['remit validate --now ', []],
  ['remit validate po', ['policies', 'policy file.yaml']],
  ['remit serve --config rem', ['remit.yaml']],
  ['remit decide --e', ['--enforcer']],
  ['remit identities --bin f', ['forgotten']],
  ['remit identities --url ', []],
  ['remit completion ', ['bash', 'zsh']],
  ['remit version ', []],
  ['remit nothing ', []],
];

const ZSH_CASES: readonly (readonly [line: string, want: string])[] = [
  ['remit va', 'remit validate'],
  ['remit validate --st', 'remit validate --strict'],
  ['remit validate --format sa', 'remit validate --format sarif'],
  ['remit serve --config rem', 'remit serve --config remit.yaml'],
  ['remit completion z', 'remit completion zsh'],
];

/** Types a line and a tab into a shell on a terminal; a key writes down what then stands there. */
const TYPE = `
zmodload zsh/zpty
zpty z "TERM=dumb zsh -f -i"
zpty -w z "autoload -U compinit; compinit -u -D; source $1
  note() { print -r -- \\"\\$BUFFER\\" > $3.new; mv $3.new $3 }; zle -N note; bindkey '^T' note; echo RE''ADY"
zpty -r z out '*READY*'
zpty -n -w z "$2"$'\\t\\C-t'
repeat 200; do [[ -e $3 ]] && break; sleep 0.1; done
zpty -d z
`;

describe('remit completion', () => {
  const folder = useFolder();
  const commands = useCommands();
  before(() => {
    folder.write('remit.yaml', '');
    folder.write('policy file.yaml', '');
    mkdirSync(folder.at('policies'));
  });

  for (const [line, want] of CASES) {
    it(`bash offers ${want.join(', ') || 'nothing'} for \`${line}\``, async () => {
      const { stdout } = await commands.run(['completion', 'bash']);
      const words = line.split(' ');
      const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _remit
        for reply in "\${COMPREPLY[@]}"; do echo "$reply"; done`;
      const source = folder.write('completion.bash', stdout);
      const args = ['--norc', '-c', script, 'bash', source, ...words];
      const offered = execFileSync('bash', args, { cwd: folder.path, encoding: 'utf8' });
      assert.deepEqual(offered.split('\n').filter(Boolean).sort(), want);
    });
  }

  it('bash knows by itself when to ask', async () => {
    const { stdout } = await commands.run(['completion', 'bash']);
    const script = 'eval "$1"; complete -p remit';
    const printed = execFileSync('bash', ['--norc', '-c', script, 'bash', stdout]).toString();
    assert.equal(printed, 'complete -F _remit remit\n');
  });

  for (const [line, want] of ZSH_CASES) {
    it(`zsh makes \`${want}\` of \`${line}\` and a tab`, async function () {
      if (spawnSync('zsh', ['--version']).error !== undefined) this.skip();
      const { stdout } = await commands.run(['completion', 'zsh']);
      const [source, out] = [folder.write('completion.zsh', stdout), folder.at('typed')];
      const script = folder.write('type.zsh', TYPE);
      rmSync(out, { force: true });
      execFileSync('zsh', ['-f', script, source, line, out], { cwd: folder.path, timeout: 30_000 });
      assert.equal(readFileSync(out, 'utf8').trim(), want);
    });
  }

  for (const args of [[], ['fish'], ['bash', 'zsh']]) {
    it(`refuses what is no shell: ${args.join(' ') || 'nothing'}`, async () => {
      const { code, stderr } = await commands.run(['completion', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, /expected a shell, `bash` or `zsh`/);
    });
  }
});

// deploy/systemd/remit.service: what a supervisor must do for Remit, and systemd's own judgement of
// the file where there is a systemd.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { useFolder } from '../support/folder.ts';
import { deployText } from './deploy_files.ts';

const TEXT = deployText('systemd/remit.service');
const LINES = TEXT.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const COMMAND = '/usr/local/bin/remit';

describe('deploy/systemd/remit.service', () => {
  const folder = useFolder();

  it('has sections and settings, each setting once', () => {
    const settings = LINES.filter((line) => !/^\[(?:Unit|Service|Install)\]$/.test(line));
    const keys = settings.map((line) => /^([A-Z]\w+)=/.exec(line)?.[1] ?? line);
    assert.ok(keys.every((key) => /^\w+$/.test(key)));
    assert.equal(new Set(keys).size, keys.length);
  });

  const promises = [
    `ExecStart=${COMMAND} serve --config /etc/remit/remit.yaml`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    'Restart=always',
    'StartLimitIntervalSec=0',
    'DynamicUser=yes',
    'CapabilityBoundingSet=',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
  ];
  for (const promise of promises) {
    it(`says ${promise}`, () => assert.ok(LINES.includes(promise)));
  }

  it('leaves V8 the right to compile', () => {
    assert.ok(LINES.every((line) => !line.startsWith('MemoryDenyWriteExecute')));
  });

  it('is one that systemd-analyze has nothing to say of, where it is', () => {
    // It wants commands that are there.
    const unit = folder.write('remit.service', TEXT.replaceAll(COMMAND, process.execPath));
    const judged = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    if (judged.error) return;
    const about = judged.stderr.split('\n').filter((line) => line.includes('remit.service'));
    assert.deepEqual(about, []);
  });
});

// C-060: `lifetimes` in remit.yaml, as they come into force and as mistakes are told.

import assert from 'node:assert/strict';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import { parseConfig } from '../../server/config.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What is in force, or the first mistake. */
function read(line: string) {
  const diagnostics = new Diagnostics();
  const text = `policies: ./policies\n${line}\n`;
  const config = parseConfig('/etc/remit/remit.yaml', text, diagnostics);
  const [mistake] = diagnostics.list.map(formatDiagnostic);
  return mistake ?? config?.settings.lifetimes;
}

describe('C-060: lifetimes', () => {
  for (const [line, want] of [
    ['', DEFAULT_SETTINGS.lifetimes],
    ['lifetimes: {}', { kinds: {}, classes: { restricted: DAY_MS } }],
    [
      'lifetimes: {kinds: {ci: 1h, agent: 30m}, classes: {confidential: 12h}}',
      {
        kinds: { ci: HOUR_MS, agent: HOUR_MS / 2 },
        classes: { confidential: 12 * HOUR_MS, restricted: DAY_MS },
      },
    ],
    ['lifetimes: {classes: {restricted: 1h}}', { kinds: {}, classes: { restricted: HOUR_MS } }],
  ] as const) {
    it(`are read: \`${line}\``, () => assert.deepEqual(read(line), want));
  }

  for (const [line, want] of [
    ['lifetimes: {kinds: {agents: 1h}}', /2:21: .*`agents`.*did you mean `agent`\?$/],
    ['lifetimes: {classes: {secret: 1h}}', /2:23: .*unknown field `secret`/],
    ['lifetimes: {classes: {confidential: 1 day}}', /2:37: .*must be a whole number with `s`/],
    ['lifetimes: {kinds: {ci: 0s}}', /2:25: .*must be a whole number with `s`/],
    ['lifetimes: {kinds: {ci: 3600}}', /2:25: /],
  ] as const) {
    it(`are refused: \`${line}\``, () => assert.match(String(read(line)), want));
  }
});

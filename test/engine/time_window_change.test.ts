// The instant at which a time window next changes, on which a decision stops to be valid (C-025).

import assert from 'node:assert/strict';
import {
  parseTimeWindow,
  TimeWindow,
  type TimeWindowDocument,
} from '../../engine/policy/time_window.ts';

function windowOf(document: TimeWindowDocument): TimeWindow {
  const window = parseTimeWindow(document);
  assert.ok(window instanceof TimeWindow, JSON.stringify(window));
  return window;
}

const at = (text: string) => {
  const ms = Date.parse(text);
  assert.ok(!Number.isNaN(ms), text);
  return ms;
};

const berlin = { tz: 'Europe/Berlin' };
const OFFICE = { days: ['mon', 'fri'], from: '09:00', to: '17:00', ...berlin };
const NIGHT = { days: ['fri'], from: '22:00', to: '06:00', ...berlin };
const SMALL_HOURS = { from: '02:00', to: '03:00', ...berlin };

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const changes: [name: string, window: TimeWindowDocument, from: string, until: string][] = [
  ['to its beginning', OFFICE, '2026-11-23T08:00:00+01:00', '2026-11-23T09:00:00+01:00'],
  ['to its end', OFFICE, '2026-11-23T09:00:00+01:00', '2026-11-23T17:00:00+01:00'],
  [
    'over days that are not its own',
    OFFICE,
    '2026-11-23T17:00:00+01:00',
    '2026-11-27T09:00:00+01:00',
  ],
  ['over a week', { days: ['mon'] }, '2026-11-24T00:00:00Z', '2026-11-30T00:00:00Z'],
  ['over midnight', NIGHT, '2026-11-27T23:00:00+01:00', '2026-11-28T06:00:00+01:00'],
  [
    'from one whole day into the next',
    { days: ['sat', 'sun'] },
    '2026-11-28T00:00:00Z',
    '2026-11-30T00:00:00Z',
  ],
  [
    'over the switch to summer time',
    SMALL_HOURS,
    '2026-03-28T03:00:00+01:00',
    '2026-03-30T02:00:00+02:00',
  ],
  [
    'to the switch, where it skips the beginning',
    { from: '02:30', to: '03:30', ...berlin },
    '2026-03-29T00:00:00+01:00',
    '2026-03-29T03:00:00+02:00',
  ],
  [
    'to the switch, where it skips the end',
    { from: '01:30', to: '02:30', ...berlin },
    '2026-03-29T01:45:00+01:00',
    '2026-03-29T03:00:00+02:00',
  ],
  [
    'over the switch back, where it goes on',
    SMALL_HOURS,
    '2026-10-25T02:00:00+02:00',
    '2026-10-25T03:00:00+01:00',
  ],
  [
    'to the switch back, where it begins again',
    { from: '02:00', to: '02:30', ...berlin },
    '2026-10-25T02:30:00+02:00',
    '2026-10-25T02:00:00+01:00',
  ],
  [
    'over one Sunday that skips it',
    { days: ['sun'], from: '02:00', to: '03:00', ...berlin },
    '2026-03-22T03:00:00+01:00',
    '2026-04-05T02:00:00+02:00',
  ],
];

describe('the next change of a time window', () => {
  for (const [name, document, from, until] of changes) {
    it(`is told: ${name}`, () => {
      const window = windowOf(document);
      const change = window.until(at(from));
      assert.equal(new Date(change).toISOString(), new Date(at(until)).toISOString());
      assert.equal(window.holds(change - 1), window.holds(at(from)));
      assert.notEqual(window.holds(change), window.holds(at(from)));
    });
  }

  it('never comes where it always holds', () => {
    for (const document of [{ days: WEEKDAYS }, { from: '00:00', to: '24:00' }]) {
      const window = windowOf(document);
      assert.equal(window.until(0), Number.POSITIVE_INFINITY);
      assert.equal(window.holds(0), true);
    }
  });
});

// Time windows of rules: wall-clock time in a zone, ends that are exclusive, nights that belong to
// the day on which they begin, and both switches of summer time (C-025).

import assert from 'node:assert/strict';
import {
  parseTimeWindow,
  TimeWindow,
  type TimeWindowDocument,
  TimeWindowError,
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

/** What holds, by the instant; of a wall clock the offset says which pass it is. */
const held: [name: string, window: TimeWindowDocument, holds: string[], not: string[]][] = [
  [
    'hours of a day, the end exclusive',
    OFFICE,
    ['2026-11-23T09:00:00+01:00', '2026-11-23T16:59:59.999+01:00', '2026-11-27T12:00:00+01:00'],
    ['2026-11-23T08:59:59.999+01:00', '2026-11-23T17:00:00+01:00', '2026-11-24T12:00:00+01:00'],
  ],
  [
    'a night, which is of the day on which it begins',
    NIGHT,
    ['2026-11-27T22:00:00+01:00', '2026-11-28T00:00:00+01:00', '2026-11-28T05:59:59.999+01:00'],
    [
      '2026-11-27T21:59:59+01:00',
      '2026-11-28T06:00:00+01:00',
      '2026-11-27T05:00:00+01:00',
      '2026-11-28T22:00:00+01:00',
      '2026-11-29T05:00:00+01:00',
    ],
  ],
  [
    'a night up to midnight',
    { days: ['fri'], from: '22:00', to: '00:00' },
    ['2026-11-27T22:00:00Z', '2026-11-27T23:59:59.999Z'],
    ['2026-11-28T00:00:00Z', '2026-11-27T00:00:00Z'],
  ],
  [
    'an evening up to 24:00, which is the same',
    { days: ['fri'], from: '22:00', to: '24:00' },
    ['2026-11-27T22:00:00Z', '2026-11-27T23:59:59.999Z'],
    ['2026-11-28T00:00:00Z', '2026-11-27T21:59:59.999Z'],
  ],
  [
    'whole days',
    { days: ['sat', 'sun'], ...berlin },
    ['2026-11-28T00:00:00+01:00', '2026-11-29T23:59:59.999+01:00'],
    ['2026-11-27T23:59:59.999+01:00', '2026-11-30T00:00:00+01:00'],
  ],
  [
    'every day without days',
    { from: '00:00', to: '00:01' },
    ['2026-11-23T00:00:00Z', '2026-11-24T00:00:59.999Z', '1969-12-31T00:00:30Z'],
    ['2026-11-23T00:01:00Z', '1969-12-31T23:59:00Z'],
  ],
  [
    'UTC without a zone',
    { from: '12:00', to: '13:00' },
    ['2026-07-01T12:30:00Z'],
    ['2026-07-01T12:30:00+01:00'],
  ],
  [
    'the hour that summer time skips, which never comes',
    SMALL_HOURS,
    ['2026-03-28T02:30:00+01:00', '2026-03-30T02:30:00+02:00'],
    ['2026-03-29T01:59:59.999+01:00', '2026-03-29T03:00:00+02:00', '2026-03-29T02:30:00+02:00'],
  ],
  [
    'the hour that comes twice, both times',
    SMALL_HOURS,
    [
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:59:59.999+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-25T02:59:59.999+01:00',
    ],
    ['2026-10-25T01:59:59.999+02:00', '2026-10-25T03:00:00+01:00'],
  ],
  [
    'a part of the hour that comes twice',
    { from: '02:15', to: '02:30', ...berlin },
    ['2026-10-25T02:15:00+02:00', '2026-10-25T02:29:59+01:00'],
    ['2026-10-25T02:30:00+02:00', '2026-10-25T02:00:00+01:00', '2026-10-25T02:30:00+01:00'],
  ],
  [
    'a window that begins in the hour that is skipped',
    { from: '02:30', to: '03:30', ...berlin },
    ['2026-03-29T03:00:00+02:00', '2026-03-29T03:29:59+02:00'],
    ['2026-03-29T01:59:59+01:00', '2026-03-29T03:30:00+02:00'],
  ],
  [
    'a night over the switch to summer time',
    { days: ['sat'], from: '22:00', to: '06:00', ...berlin },
    ['2026-03-28T22:00:00+01:00', '2026-03-29T05:59:59+02:00'],
    ['2026-03-29T06:00:00+02:00', '2026-03-29T22:00:00+02:00'],
  ],
  [
    'New York, where it skips at another time',
    { from: '02:00', to: '03:00', tz: 'America/New_York' },
    ['2026-03-07T02:30:00-05:00', '2026-11-01T02:00:00-05:00'],
    ['2026-03-08T01:59:59-05:00', '2026-03-08T03:00:00-04:00', '2026-11-01T01:30:00-05:00'],
  ],
  [
    'Kathmandu, of another quarter',
    { from: '06:00', to: '07:00', tz: 'Asia/Kathmandu' },
    ['2026-06-01T00:15:00Z', '2026-06-01T01:14:59Z'],
    ['2026-06-01T00:14:59Z', '2026-06-01T01:15:00Z'],
  ],
  [
    'Lord Howe, where summer is half an hour',
    { from: '01:45', to: '02:15', tz: 'Australia/Lord_Howe' },
    [
      '2026-04-05T01:45:00+11:00',
      '2026-04-05T01:45:00+10:30',
      '2026-04-05T02:14:59+10:30',
      '2026-10-04T01:59:59+10:30',
    ],
    ['2026-04-05T01:30:00+10:30', '2026-04-05T02:15:00+10:30', '2026-10-04T02:30:00+11:00'],
  ],
  [
    'Apia, which went without a Friday',
    { days: ['fri'], tz: 'Pacific/Apia' },
    ['2011-12-23T12:00:00-10:00', '2012-01-06T12:00:00+14:00'],
    ['2011-12-29T23:59:59-10:00', '2011-12-31T00:00:00+14:00'],
  ],
];

const mistakes: [document: TimeWindowDocument, path: string, message: string][] = [
  [{}, '', 'a window without limits'],
  [{ tz: 'Europe/Berlin' }, '', 'a window without limits'],
  [{ from: '09:00' }, '', '`to` is missing'],
  [{ days: ['mon'], to: '09:00' }, '', '`from` is missing'],
  [
    { from: '09:00', to: '09:00' },
    'to',
    'from and to are both `09:00`, which is no time or all of it',
  ],
  [{ from: '9:00', to: '10:00' }, 'from', '`9:00` is no time of a day'],
  [{ from: '09:00', to: '24:01' }, 'to', '`24:01` is no time of a day'],
  [{ from: '24:00', to: '10:00' }, 'from', '`24:00` is no time of a day'],
  [{ from: '09:60', to: '10:00' }, 'from', '`09:60` is no time of a day'],
  [{ from: '09:00:00', to: '10:00' }, 'from', '`09:00:00` is no time of a day'],
  [{ from: '', to: '10:00' }, 'from', '`` is no time of a day'],
  [{ days: [] }, 'days', 'no days'],
  [{ days: ['mon', 'tues'] }, 'days.1', '`tues` is no day'],
  [{ days: ['Mon'] }, 'days.0', '`Mon` is no day'],
  [{ days: ['mon', 'mon'] }, 'days.1', '`mon` twice'],
  [{ days: ['mon'], tz: 'Europe/Bonn' }, 'tz', '`Europe/Bonn` is no time zone'],
  [{ days: ['mon'], tz: '+05:45' }, 'tz', '`+05:45` is no time zone'],
  [{ days: ['mon'], tz: '' }, 'tz', '`` is no time zone'],
];

describe('a time window', () => {
  for (const [name, document, holds, not] of held) {
    it(`holds at the right times: ${name}`, () => {
      const window = windowOf(document);
      for (const text of holds) assert.equal(window.holds(at(text)), true, text);
      for (const text of not) assert.equal(window.holds(at(text)), false, text);
    });
  }

  for (const [document, path, message] of mistakes) {
    it(`is refused: ${JSON.stringify(document)}`, () => {
      const error = parseTimeWindow(document);
      assert.ok(error instanceof TimeWindowError);
      assert.equal(error.path.join('.'), path);
      assert.equal(error.message, message);
    });
  }

  it('suggests the day that was meant', () => {
    const error = parseTimeWindow({ days: ['mond'] });
    assert.ok(error instanceof TimeWindowError);
    assert.equal(error.expected, '`mon`');
    const other = parseTimeWindow({ days: ['weekdays'] });
    assert.ok(other instanceof TimeWindowError);
    assert.equal(other.expected, 'mon, tue, wed, thu, fri, sat or sun');
  });

  it('takes any byte in a time and in a day', () => {
    const accepted = (documentOf: (byte: string) => TimeWindowDocument) =>
      Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
        .filter((byte) => parseTimeWindow(documentOf(byte)) instanceof TimeWindow)
        .join('');
    assert.equal(
      accepted((byte) => ({ from: `${byte}9:00`, to: '24:00' })),
      '01',
    );
    assert.equal(
      accepted((byte) => ({ from: `2${byte}:00`, to: '24:00' })),
      '0123',
    );
    assert.equal(
      accepted((byte) => ({ from: `09${byte}00`, to: '24:00' })),
      ':',
    );
    assert.equal(
      accepted((byte) => ({ from: `09:${byte}0`, to: '24:00' })),
      '012345',
    );
    assert.equal(
      accepted((byte) => ({ from: `09:0${byte}`, to: '24:00' })),
      '0123456789',
    );
    assert.equal(
      accepted((byte) => ({ from: `09:00${byte}`, to: '24:00' })),
      '',
    );
    assert.equal(
      accepted((byte) => ({ days: [`${byte}on`] })),
      'm',
    );
    assert.equal(
      accepted((byte) => ({ days: ['mon'], tz: `Europe/Berli${byte}` })),
      'Nn',
    );
  });
});

// Time windows against what the clock of the runtime shows, at random instants and around the
// switches of summer time (C-025).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parseTimeWindow,
  TimeWindow,
  type TimeWindowDocument,
} from '../../engine/policy/time_window.ts';
import { findZone } from '../../engine/policy/zone.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const at = Date.parse;

function windowOf(document: TimeWindowDocument): TimeWindow {
  const window = parseTimeWindow(document);
  assert.ok(window instanceof TimeWindow, JSON.stringify(window));
  return window;
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/St_Johns',
];

const formats = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  ]),
);

/** By what the runtime shows as the time, and nothing else. */
function naive(
  { days = WEEKDAYS, from = '00:00', to = '24:00', tz = 'UTC' }: TimeWindowDocument,
  ms: number,
): boolean {
  const shown = formats.get(tz)!.format(ms);
  const [, day = '', time = ''] = /^(\w{3}),? (\d\d:\d\d)$/.exec(shown) ?? assert.fail(shown);
  const today = WEEKDAYS.indexOf(day.toLowerCase());
  const isOn = (index: number) => days.includes(WEEKDAYS[(index + 7) % 7]!);
  if (from < to) return isOn(today) && time >= from && time < to;
  return (isOn(today) && time >= from) || (isOn(today - 1) && time < to);
}

const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((it) => String(it).padStart(2, '0')).join(':'));
const documents = fc
  .record({
    days: fc.option(fc.subarray(WEEKDAYS, { minLength: 1 }), { nil: undefined }),
    from: clock,
    to: fc.oneof(clock, fc.constant('24:00')),
    tz: fc.constantFrom(...ZONES),
  })
  .filter(({ from, to }) => from !== to);
const instants = fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
/** Near the switches of 2026. */
const switches = fc
  .tuple(
    fc.constantFrom(
      '2026-03-08',
      '2026-03-29',
      '2026-04-05',
      '2026-10-04',
      '2026-10-25',
      '2026-11-01',
    ),
    fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
  )
  .map(([day, ms]) => at(`${day}T00:00:00Z`) + ms);

describe('a time window at random', () => {
  it('holds when the clock of the runtime says so', () => {
    fc.assert(
      fc.property(documents, fc.oneof(instants, switches), (document, ms) => {
        const window = windowOf(document);
        assert.equal(window.holds(ms), naive(document, ms));
        // Whatever was asked before.
        const other = ms + 5 * HOUR_MS;
        assert.equal(window.holds(other), naive(document, other));
        assert.equal(window.holds(ms), naive(document, ms));
      }),
      { numRuns: 1500 },
    );
  });

  it('is the same until the next change, and another then', () => {
    fc.assert(
      fc.property(documents, fc.oneof(instants, switches), (document, ms) => {
        const window = windowOf(document);
        const until = window.until(ms);
        const holds = window.holds(ms);
        if (until === Number.POSITIVE_INFINITY) return assert.equal(holds, true);
        assert.ok(until > ms);
        assert.equal(naive(document, until), !holds);
        assert.equal(naive(document, until - 1), holds);
        const step = (until - ms) / 40;
        for (let i = 1; i < 40; i++)
          assert.equal(naive(document, Math.floor(ms + i * step)), holds);
      }),
      { numRuns: 400 },
    );
  });

  it('asks the runtime seldom as time passes', () => {
    const window = windowOf({ days: ['mon'], from: '09:00', to: '10:00', tz: 'America/Denver' });
    const now = at('2026-11-23T12:00:00Z');
    window.until(now);
    const real = Intl.DateTimeFormat.prototype.formatToParts;
    let asked = 0;
    Intl.DateTimeFormat.prototype.formatToParts = function (...all) {
      asked++;
      return real.apply(this, all);
    };
    try {
      for (let i = 0; i < 1000; i++) {
        window.holds(now + i);
        window.until(now + i);
      }
    } finally {
      Intl.DateTimeFormat.prototype.formatToParts = real;
    }
    assert.equal(asked, 0);
  });
});

describe('a zone', () => {
  it('has the offset that the runtime shows, over all changes of many years', () => {
    for (const name of ZONES) {
      const zone = findZone(name);
      assert.ok(zone !== undefined);
      let ms = at('2005-01-01T00:00:00Z');
      const end = at('2035-01-01T00:00:00Z');
      while (ms < end) {
        const until = zone.sameUntil(ms);
        assert.ok(until > ms);
        assert.equal(zone.offsetAt(until - 1), zone.offsetAt(ms));
        const shown = formats.get(name)!.format(ms);
        const local = new Date(ms + zone.offsetAt(ms)).toISOString();
        assert.ok(shown.endsWith(local.slice(11, 16)), `${name} ${local} ${shown}`);
        ms = until;
      }
    }
  });

  it('is one for each name, and known to the runtime', () => {
    assert.equal(findZone('Europe/Berlin'), findZone('Europe/Berlin'));
    for (const name of ['', '+01:00', '-0500', 'Europe/Bonn', ' UTC', 'Europe/Berlin\0']) {
      assert.equal(findZone(name), undefined, name);
    }
  });
});

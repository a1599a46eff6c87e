// Time windows (`between`): what a clock on the wall of the zone shows. An overnight window belongs
// to the day on which it begins, the end is exclusive.

import type { RuleDocument } from '../../engine/bundle/rule_kind.ts';

type Between = NonNullable<RuleDocument['between']>;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTE = 60_000;

export function windowHolds({ days, from, to, tz }: Between, now: number): boolean {
  const { day, time } = wallClock(tz, now);
  const [begin, end] = [from ?? '00:00', to ?? '24:00'];
  const on = (wanted: string) => days === undefined || days.some((it) => it === wanted);
  if (begin < end) return on(day) && begin <= time && time < end;
  const yesterday = DAYS[(DAYS.indexOf(day) + 6) % 7]!;
  return (begin <= time && on(day)) || (time < end && on(yesterday));
}

/** No clock shows anything else before the minute ends. */
const seen = new Map<string, { readonly day: string; readonly time: string }>();
const formats = new Map<string, Intl.DateTimeFormat>();

function wallClock(zone: string, now: number): { readonly day: string; readonly time: string } {
  const key = `${zone} ${Math.floor(now / MINUTE)}`;
  const known = seen.get(key);
  if (known !== undefined) return known;
  const format = formats.get(zone) ?? formatOf(zone);
  formats.set(zone, format);
  const parts = format.formatToParts(now);
  const part = (type: string) => parts.find((it) => it.type === type)!.value;
  const shown = {
    day: part('weekday').toLowerCase(),
    time: `${part('hour')}:${part('minute')}`,
  };
  seen.set(key, shown);
  return shown;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

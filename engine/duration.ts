// Durations as bundles write them: a whole number and one unit, such as `24h`.

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export const DURATION_RULE = 'must be a whole number with `s`, `m`, `h` or `d` behind it, as `24h`';

/** Milliseconds, or undefined when the text is no duration above zero. */
export function parseDuration(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS.get(unit);
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}

// The records that a server of these tests left behind.

import { readFileSync } from 'node:fs';

export type RecordLine = Readonly<Record<string, unknown>>;

/** Every line must be a whole JSON object, and the last one ended. */
export function readLines(path: string): RecordLine[] {
  const text = readFileSync(path, 'utf8');
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error(`the last line of ${path} was cut off`);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as RecordLine);
}

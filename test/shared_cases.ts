// The test data beside the project (../shared/cases), which is not part of it: where the folder is
// missing, the tests that read it show as skipped, by the name of the file.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../shared/cases');

/** The parsed file, or undefined when it is not there. */
export function sharedCases(file: string): unknown | undefined {
  const path = resolve(folder, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** `it` where the data is there, else `it.skip`. */
export const itShared: Mocha.TestFunction | Mocha.PendingTestFunction = existsSync(folder)
  ? it
  : it.skip;

/** Defines the tests of one data file, or one skipped test that names it. */
export function withSharedCases<T>(file: string, define: (data: T) => void): void {
  const data = sharedCases(file);
  if (data === undefined) it.skip(`../shared/cases/${file} is missing`);
  else define(data as T); // The data's shape is what its reader says; a wrong one fails the test.
}

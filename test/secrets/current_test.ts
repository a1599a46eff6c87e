// Tells the scan which test runs (mocha --require), so that a leak of a process can be placed.

import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Context } from 'mocha';
import { TEST_FILE } from './findings.ts';

const folder = process.env['REMIT_SCAN'];

export const mochaHooks =
  folder === undefined
    ? {}
    : {
        beforeEach(this: Context): void {
          const { file = '', fullTitle } = this.currentTest!;
          const title = `${relative(process.cwd(), file)}: ${fullTitle.call(this.currentTest)}`;
          writeFileSync(join(folder, TEST_FILE), title);
        },
      };

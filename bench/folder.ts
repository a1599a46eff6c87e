// A folder for what one measurement writes, gone when it ends, however it ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../demo/cleanup.ts';

export async function inFolder<T>(
  cleanup: Cleanup,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  cleanup.add(remove);
  try {
    return await work(folder);
  } finally {
    remove();
  }
}

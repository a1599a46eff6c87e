// The package as users install it, of this checkout or another: JavaScript that tsc made. From a
// checkout every thread would strip types first, and keep the 15 MiB of what does so.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../demo/cleanup.ts';

export type PackageOf = (root: string) => string;

/** Builds each once, into a temporary folder. A root without sources is a package already. */
export function packages(cleanup: Cleanup): PackageOf {
  const built = new Map<string, string>();
  return (root) => {
    if (!existsSync(join(root, 'cli', 'main.ts'))) return root;
    const known = built.get(root);
    if (known !== undefined) return known;
    const folder = mkdtempSync(join(tmpdir(), 'remit-package-'));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    built.set(root, folder);
    for (const part of ['bin', 'proto', 'package.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const out = join(folder, 'dist');
    const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', out];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the package cannot be built:\n${stdout}`);
    return folder;
  };
}

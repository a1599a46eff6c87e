// A temporary folder for the tests of one `describe`, gone afterwards.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from './exit.ts';

export class Folder {
  #path = '';
  #forget: () => void = () => undefined;

  get path(): string {
    return this.#path;
  }

  create(): void {
    this.#path = mkdtempSync(join(tmpdir(), 'remit-test-'));
    this.#forget = onExit(() => this.remove());
  }

  remove(): void {
    this.#forget();
    rmSync(this.#path, { recursive: true, force: true });
  }

  /** The absolute path of a name in the folder. */
  at(name: string): string {
    return join(this.#path, name);
  }

  /** @returns the absolute path */
  write(name: string, text: string): string {
    const path = this.at(name);
    writeFileSync(path, text);
    return path;
  }
}

/** Called inside a `describe`; the folder is there while its tests run. */
export function useFolder(): Folder {
  const folder = new Folder();
  before(() => folder.create());
  after(() => folder.remove());
  return folder;
}

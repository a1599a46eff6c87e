// A page of documentation that is run: files it shows are written, commands it shows are executed
// in their order, and their outputs have to be those that it shows.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'remit.js');
const BLOCK = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

export type Step =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'command'; readonly command: string; readonly output: string };

/** Blocks whose info string names a file, and commands with their outputs in `console` blocks. */
export function stepsOf(page: string): Step[] {
  return Array.from(page.matchAll(BLOCK)).flatMap(([, language, info = '', text = '']): Step[] => {
    const name = /\bfile=(\S+)/.exec(info)?.[1];
    if (name !== undefined) return [{ kind: 'file', name, text }];
    return language === 'console' ? commandsOf(text) : [];
  });
}

function commandsOf(text: string): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { kind: 'command', command: part.slice(0, end), output: part.slice(end + 1) };
    });
}

/** The same page with other outputs, in the order of its commands. */
export function withOutputs(page: string, outputs: readonly string[]): string {
  let next = 0;
  return page.replace(BLOCK, (block, language: string, info: string, text: string) => {
    if (language !== 'console') return block;
    const commands = commandsOf(text).flatMap((step) => (step.kind === 'command' ? [step] : []));
    const lines = commands.map(({ command }) => `$ ${command}\n${outputs[next++] ?? ''}`);
    return `\`\`\`console${info}\n${lines.join('')}\`\`\``;
  });
}

export function writeStep(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** As a terminal shows it: both streams in one; `npx remit` is that of the checkout. */
export function runShown(folder: string, command: string): string {
  const npx = 'npx() { shift; "$REMIT_NODE" "$REMIT_BIN" "$@"; }';
  const { stdout, error } = spawnSync('sh', ['-c', `exec 2>&1\n${npx}\n${command}`], {
    cwd: folder,
    env: { ...process.env, REMIT_NODE: process.execPath, REMIT_BIN: BIN },
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return stdout;
}

/** Line by line; `…` stands for any text within its line. */
export function isShown(output: string, shown: string): boolean {
  const lines = shown.split('\n');
  const real = output.split('\n');
  return (
    real.length === lines.length &&
    lines.every((line, index) => {
      const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${parts.join('.*')}$`).test(real[index] ?? '');
    })
  );
}

// The inventory of credentials, from a running server or from files of records.

import { createReadStream } from 'node:fs';
import { CredentialInventory } from '../../audit/credential_inventory.ts';
import { type InventoryReport, inventoryReport } from '../../audit/inventory_report.ts';
import { MiB } from '../../engine/limits.ts';
import { CommandError, plainError, unreadable } from '../command.ts';

const ANSWER_MS_MAX = 30_000;
const READ_BYTES = MiB;
/** Far above any record: what is longer is no file of records. */
const LINE_BYTES_MAX = 4 * MiB;

export async function inventoryOfServer(url: string): Promise<InventoryReport> {
  const page = pageOf(url);
  let answer: unknown;
  try {
    const response = await fetch(page, {
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 80).trim()}`);
    answer = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new CommandError(`cannot read \`${page}\`: ${plainError(cause)}`);
  }
  const read = inventoryReport.safeParse(answer);
  if (read.success) return read.data;
  throw new CommandError(`\`${page}\` is no inventory of this version`);
}

function pageOf(url: string): string {
  const page = URL.canParse(url) ? new URL(url) : undefined;
  if (page === undefined || !['http:', 'https:'].includes(page.protocol)) {
    throw new CommandError(`--url \`${url}\` is no URL; expected \`http://127.0.0.1:9190\``);
  }
  return new URL('/identities', page).href;
}

/** Of evidence and decisions, in any order; one file after the other, in pieces. */
export async function inventoryOfRecords(files: readonly string[]): Promise<InventoryReport> {
  const inventory = new CredentialInventory();
  for (const file of files) await readInto(inventory, file);
  return inventory.report();
}

async function readInto(inventory: CredentialInventory, file: string): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of createReadStream(file, { highWaterMark: READ_BYTES })) {
      // A stream without an encoding gives Buffers.
      const bytes = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
      rest = bytes.subarray(inventory.add(bytes));
      if (rest.length > LINE_BYTES_MAX) throw new Error('it holds no lines');
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (rest.length > 0) inventory.add(Buffer.concat([rest, Buffer.from('\n')]));
}

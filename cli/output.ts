// What a command writes on standard output piece by piece: no faster than it is read, and not at
// all once nobody reads any more, as after `| head`.

import { once } from 'node:events';
import { EXIT_PARTLY } from './command.ts';

let isWatched = false;

export async function print(text: string): Promise<void> {
  if (!isWatched) {
    isWatched = true;
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.stderr.write(`remit: cannot write: ${error.message}\n`);
      process.exit(EXIT_PARTLY);
    });
  }
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

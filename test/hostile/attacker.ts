// The thread of an attacker, so that its work does not delay the honest caller's.

import { parentPort, workerData } from 'node:worker_threads';
import { ATTACKS, type AttackName } from './attacks.ts';

const { name, port, allowed } = workerData as {
  readonly name: AttackName;
  readonly port: number;
  readonly allowed: Uint8Array;
};
let running = true;
let count = 0;
parentPort!.once('message', () => {
  running = false;
});
await ATTACKS[name]({
  port,
  running: () => running,
  did: (more) => {
    count += more;
  },
  allowed: Buffer.from(allowed),
});
parentPort!.postMessage(count);

// The thread of an acceptor. It must not die with open HTTP/2 sessions: on Node 24 that aborts the
// whole process. So an exception that nothing caught closes what is open first, and then ends the
// thread; the control thread starts another. What is left is the exhausted heap: it ends the
// process, and whatever supervises the process starts it again.

import { parentPort, workerData } from 'node:worker_threads';
import { Acceptor } from './acceptor.ts';
import type { AcceptorPlan, FromAcceptor, ToAcceptor } from './acceptor_messages.ts';

/** Until closed sockets have left the event loop, and what was posted has left the thread. */
const LAST_TURNS_MS = 20;

const port = parentPort!; // This module is only ever run as a worker.
const acceptor = new Acceptor(workerData as AcceptorPlan, (message: FromAcceptor) => {
  port.postMessage(message);
});

let dying = false;
function die(error: unknown): void {
  if (dying) return;
  dying = true;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  port.postMessage({ kind: 'log', level: 'error', message: `acceptor dies: ${message}` });
  acceptor.abandon();
  setTimeout(() => process.exit(1), LAST_TURNS_MS);
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

port.on('message', (message: ToAcceptor) => {
  acceptor.receive(message).catch(die);
});
acceptor.start().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  port.postMessage({ kind: 'failed', message });
});

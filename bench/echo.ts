// The echo server as a contender.

import { join } from 'node:path';
import { freePorts } from '../demo/processes.ts';
import { callCheck } from './call.ts';
import type { Contender } from './contender.ts';
import type { EchoWork } from './echo_server.ts';
import { SERVER_CORE } from './machine.ts';
import type { MutualTls } from './mutual_tls.ts';
import { ServerProcess } from './processes.ts';
import { accepts, type Target } from './target.ts';

const PROGRAM = join(import.meta.dirname, 'echo_server.ts');

export interface EchoOptions {
  /** What it answers instead of what it was sent. */
  readonly constant?: Buffer;
  /** Default plaintext. */
  readonly tls?: MutualTls | undefined;
}

export function echo({ constant, tls }: EchoOptions = {}): Contender {
  const name = constant === undefined ? 'echo' : 'constant';
  return {
    name,
    async start(folder, { cleanup }) {
      const [port = 0] = await freePorts(1);
      const target: Target = { address: `127.0.0.1:${port}`, tls: tls?.client };
      const work: EchoWork = {
        address: target.address,
        constant: constant?.toString('hex'),
        tls: tls?.server,
      };
      const server = await ServerProcess.start(
        {
          name,
          cores: SERVER_CORE,
          command: [process.execPath, PROGRAM, JSON.stringify(work)],
          logFile: join(folder, `${name}.log`),
          ready: () => accepts(target),
        },
        cleanup,
      );
      return {
        target,
        process: server,
        async probe(message) {
          const answer = await callCheck(target, message);
          if (answer.equals(constant ?? message)) return answer.length;
          throw new Error(`${name}: the server sent something else back`);
        },
        async finish() {
          server.assertRunning();
          await server.stop();
        },
      };
    },
  };
}

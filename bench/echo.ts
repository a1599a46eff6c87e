// The echo server as a contender.

import { join } from 'node:path';
import { freePorts } from '../demo/processes.ts';
import { callCheck } from './call.ts';
import type { Contender } from './contender.ts';
import { SERVER_CORE } from './machine.ts';
import { ServerProcess } from './processes.ts';
import { accepts, type Target } from './target.ts';

const PROGRAM = join(import.meta.dirname, 'echo_server.ts');

export interface EchoOptions {
  /** What it answers instead of what it was sent. */
  readonly constant?: Buffer;
}

export function echo({ constant }: EchoOptions = {}): Contender {
  const name = constant === undefined ? 'echo' : 'constant';
  return {
    name,
    async start(folder, { cleanup }) {
      const [port = 0] = await freePorts(1);
      const target: Target = { address: `127.0.0.1:${port}` };
      const settings = constant === undefined ? [] : [constant.toString('hex')];
      const server = await ServerProcess.start(
        {
          name,
          cores: SERVER_CORE,
          command: [process.execPath, PROGRAM, target.address, ...settings],
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

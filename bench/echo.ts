// The echo server as a contender.

import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../demo/processes.ts';
import { callCheck } from './call.ts';
import type { Contender } from './contender.ts';
import { SERVER_CORE } from './machine.ts';
import { ServerProcess } from './processes.ts';

export const echo: Contender = {
  name: 'echo',
  async start(folder, { cleanup }) {
    const [port = 0] = await freePorts(1);
    const program = join(import.meta.dirname, 'echo_server.ts');
    const server = await ServerProcess.start(
      {
        name: 'echo',
        core: SERVER_CORE,
        command: [process.execPath, program, `127.0.0.1:${port}`],
        logFile: join(folder, 'echo.log'),
        ready: () => accepts(port),
      },
      cleanup,
    );
    return {
      port,
      process: server,
      async probe(message) {
        const answer = await callCheck(port, message);
        if (!answer.equals(message)) throw new Error('the echo server sent something else back');
        return answer.length;
      },
      async finish() {
        server.assertRunning();
        await server.stop();
      },
    };
  },
};

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

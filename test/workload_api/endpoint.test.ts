// Where a Workload API may be, and where not.

import assert from 'node:assert/strict';
import { parseEndpoint } from '../../server/workload_api/endpoint.ts';

describe('the endpoint of the Workload API', () => {
  const accepted: [text: string, want: object][] = [
    ['unix:/run/spire/agent.sock', { kind: 'unix', path: '/run/spire/agent.sock' }],
    ['unix:///run/spire/agent.sock', { kind: 'unix', path: '/run/spire/agent.sock' }],
    ['tcp://127.0.0.1:8081', { kind: 'tcp', host: '127.0.0.1', port: 8081 }],
    ['tcp://[::1]:8081', { kind: 'tcp', host: '::1', port: 8081 }],
    ['tcp://169.254.0.1:8081', { kind: 'tcp', host: '169.254.0.1', port: 8081 }],
    ['tcp://[fe80::1]:8081', { kind: 'tcp', host: 'fe80::1', port: 8081 }],
  ];
  for (const [text, want] of accepted) {
    it(`may be \`${text}\``, () => assert.deepEqual(parseEndpoint(text), want));
  }

  const refused: [text: string, why: RegExp][] = [
    ['', /must be/],
    ['/run/agent.sock', /must be/],
    ['unix:', /must be/],
    ['unix:agent.sock', /must be/],
    ['unix://agent/agent.sock', /must be/],
    ['unix:////agent.sock', /must be/],
    ['unix:///a?b', /must be/],
    ['unix:///a#b', /must be/],
    ['unix:///a%2fb', /must be/],
    ['UNIX:///a', /must be/],
    ['127.0.0.1:8081', /must be/],
    ['tcp:127.0.0.1:8081', /must be/],
    ['tcp://localhost:8081', /must be/],
    ['tcp://agent.example:8081', /must be/],
    ['tcp://127.0.0.1', /must be/],
    ['tcp://127.0.0.1:0', /must be/],
    ['tcp://127.0.0.1:8081/', /must be/],
    ['tcp://user@127.0.0.1:8081', /must be/],
    ['tcp://10.0.0.1:8081', /in plaintext/],
    ['tcp://[fd00::1]:8081', /in plaintext/],
    ['tcp://0.0.0.0:8081', /in plaintext/],
    ['https://127.0.0.1:8081', /must be/],
  ];
  for (const [text, why] of refused) {
    it(`is not \`${text}\``, () => assert.match(String(parseEndpoint(text)), why));
  }
});

// Bundles of a Workload API as key sets, until they are in force: each domain that a message names
// has its own, and of each other one it has said that nobody vouches for it.

import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { SpiffeKeys } from '../../engine/identity/spiffe_keys.ts';
import { TrustBundle } from '../../engine/identity/trust_bundles.ts';
import { type KeyImage, NO_KEY_IMAGE, openKeys } from '../../engine/key_image.ts';
import { isHeld, type KeySet } from '../../engine/key_sets.ts';
import { KeyService } from '../../server/keys/key_service.ts';
import { WorkloadApiKeys } from '../../server/keys/workload_api_keys.ts';
import { WorkloadApi } from '../../server/workload_api/client.ts';
import { parseKeys } from '../../workers/key_parser.ts';
import { useFolder } from '../support/folder.ts';
import { until } from '../support/wait.ts';
import { KEY } from '../token/fixture.ts';
import { Agent, authorityOf, bundlesMessage } from '../workload_api/agent.ts';

describe('bundles of the Workload API as key sets', () => {
  const folder = useFolder();
  const log = pino({ level: 'silent' });
  let agent: Agent;
  let api: WorkloadApi;
  let service: KeyService;
  let image: KeyImage = NO_KEY_IMAGE;
  before(async () => {
    const path = folder.at('agent.sock');
    agent = await Agent.start(`unix:${path}`);
    api = new WorkloadApi({ kind: 'unix', path }, log);
    service = new KeyService({
      async activate(next) {
        image = next;
      },
      onReady: () => undefined,
      log,
      registry: new Registry(),
      versions: () => [],
    });
    new WorkloadApiKeys(api, service).follow({ x509: true, jwt: true });
    await service.follow([], ['x509_bundle', 'jwt_bundle']);
  });
  after(async () => {
    api.close();
    await service.stop();
    await agent.crash();
  });

  /** How many keys there are, or why there are none. */
  function sizeOf(set: KeySet | undefined): unknown {
    if (!isHeld(set)) return set?.state;
    const { keys } = set;
    if (keys instanceof TrustBundle) return keys.roots.length;
    return keys instanceof SpiffeKeys ? keys.jwtKeys.keys.length : keys;
  }

  function sizes(domain: string): readonly unknown[] {
    const sets = openKeys(image, parseKeys);
    return [sizeOf(sets.x509Bundle(domain)), sizeOf(sets.jwtBundle(domain))];
  }

  const next = async (act: Promise<void>): Promise<void> => {
    const before = image;
    await act;
    await until(() => image !== before);
  };

  it('are not there before something was said, and the server is not ready', async () => {
    assert.deepEqual(sizes('a.example'), [undefined, undefined]);
    assert.equal(service.ready, false);
    await next(agent.say({ x509: bundlesMessage({ 'a.example': [authorityOf('a.example')] }) }));
    assert.deepEqual(sizes('a.example'), [1, undefined]);
    assert.equal(service.ready, false);
  });

  it('are each the only one of its domain, and say of each other domain: nobody', async () => {
    const secret = KEY.privateKey.export({ format: 'jwk' });
    const jwt = (keys: readonly object[]) => Buffer.from(JSON.stringify({ keys }));
    const bundles = {
      'spiffe://a.example': jwt([KEY.jwk]),
      'spiffe://empty.example': jwt([]),
      'spiffe://broken.example': jwt([secret]),
    };
    await next(agent.say({ jwt: { bundles } }));
    assert.equal(service.ready, true);
    assert.deepEqual(sizes('a.example'), [1, 1]);
    assert.deepEqual(sizes('empty.example'), [0, 0]);
    assert.deepEqual(sizes('broken.example'), [0, 'never'], 'nobody knows its keys');
    assert.deepEqual(sizes('other.example'), [0, 0]);
  });

  it('are gone when they are withdrawn, and say nothing of any domain then', async () => {
    await next(agent.sayRaw('jwt', { status: status.PERMISSION_DENIED }));
    assert.deepEqual(sizes('a.example'), [1, undefined]);
    assert.deepEqual(sizes('other.example'), [0, undefined]);
    assert.equal(service.ready, true, 'once ready, always ready');
  });
});

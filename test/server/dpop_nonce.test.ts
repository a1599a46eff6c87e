// C-059 C-096: what one thread of a process hands out and remembers holds on all of them: nonces
// for DPoP proofs, and which proofs were used. On real ports, with several acceptors and pool
// workers.

import assert from 'node:assert/strict';
import { documents, dpop, issuer, KEY_FILES, messageOf, ORIGIN } from '../challenge/fixture.ts';
import { textOf } from '../engine/fixture.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';

const BUNDLE = {
  'bundle.yaml': textOf(documents({ origin: ORIGIN }, [issuer({ dpopNonce: true })])),
};
/** So large that a worker of the pool decides the request. */
const LARGE = 'x'.repeat(100_000);
/** Connections; the system spreads them over the acceptors. */
const CLIENTS = 8;

describe('a process with several threads', () => {
  const folder = useFolder();
  let server: TestServer | undefined;
  let other: TestServer | undefined;
  const clients: CheckClient[] = [];
  let proofs = 0;

  before(async () => {
    const limits = 'limits: {deadlineMs: 10000}';
    const start = (threads: string) => {
      const config = `threads: {${threads}}\n${limits}\n${RECORD_FILES}`;
      return startServer(folder, { config, bundle: BUNDLE, keyFiles: KEY_FILES });
    };
    server = await start('acceptors: 2, pool: 2');
    other = await start('acceptors: 1, pool: 0');
    for (let count = 0; count < CLIENTS; count++) clients.push(new CheckClient(server.address));
  });
  after(async () => {
    for (const client of clients) client.close();
    await server?.stop();
    await other?.stop();
  });

  function message(nonce: string | undefined, body?: string): Buffer {
    const now = Math.floor(Date.now() / 1000);
    const proof = { iat: now, jti: `proof-${proofs++}`, nonce };
    return messageOf(dpop({ iat: now - 60, exp: now + 600 }, proof), body);
  }

  async function told(client: CheckClient, body?: string): Promise<string> {
    const { result, headers } = await client.check(message(undefined, body));
    assert.equal(result, 'authn.nonce');
    return headers['dpop-nonce']!;
  }

  it('takes on each thread the nonce that any of them told', async () => {
    const inPlace = await told(clients[0]!);
    const onPool = await told(clients[1]!, LARGE);
    for (const nonce of [inPlace, onPool]) {
      for (const client of clients) {
        assert.equal((await client.check(message(nonce))).result, 'allow');
        assert.equal((await client.check(message(nonce, LARGE))).result, 'allow');
      }
    }
  });

  it('takes no nonce of another process', async () => {
    const foreign = await told(other!.client);
    for (const client of clients) {
      const { result, headers } = await client.check(message(foreign));
      assert.equal(result, 'authn.nonce');
      assert.notEqual(headers['dpop-nonce'], foreign);
    }
  });

  it('takes a proof once, whichever thread has seen it', async () => {
    const nonce = await told(server!.client);
    for (const body of [undefined, LARGE]) {
      const once = message(nonce, body);
      assert.equal((await clients[0]!.check(once)).result, 'allow');
      for (const client of clients) {
        assert.equal((await client.check(once)).result, 'authn.replay');
      }
    }
  });

  it('takes a proof once, also of many at the same time', async () => {
    const once = message(await told(server!.client));
    const answers = await Promise.all(clients.map((client) => client.check(once)));
    const allowed = answers.filter(({ result }) => result === 'allow');
    // Two that meet in the table may each see the other's, and then neither is taken.
    assert.ok(allowed.length <= 1);
    const rest = answers.filter(({ result }) => result !== 'allow');
    for (const { result } of rest) assert.equal(result, 'authn.replay');
  });
});

// The gRPC server around a checker: what it hands over, and what it makes of a checker that fails.

import assert from 'node:assert/strict';
import { HealthImplementation } from 'grpc-health-check';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { parseAddress } from '../../server/address.ts';
import { CheckServer, type CheckServerOptions } from '../../server/check_server.ts';
import type { Checker } from '../../workers/checker.ts';
import { CheckClient } from '../support/check_client.ts';
import { readResponse } from '../support/check_response.ts';
import { encodeCall } from '../support/mesh.ts';
import { WAIT } from '../workers/mortal_commands.ts';
import { startPool } from '../workers/pool_stage.ts';

type Check = Checker['check'];

describe('the server around a checker', () => {
  const started: { server: CheckServer; client: CheckClient }[] = [];
  const errors: unknown[] = [];
  afterEach(async () => {
    for (const { server, client } of started.splice(0)) {
      client.close();
      await server.close(0);
    }
    errors.length = 0;
  });

  async function start(
    checker: Pick<Checker, 'check'>,
    options: Partial<CheckServerOptions> = {},
    listen = '127.0.0.1:0',
  ) {
    const all: Checker = {
      check: (bytes, asker, deadlineMs) => checker.check(bytes, asker, deadlineMs),
      refuse: ({ reason }) => Buffer.from(reason),
      canAcceptWork: () => true,
      close: () => Promise.resolve(),
    };
    const limits = {
      deadlineMs: 100,
      deadlineMarginMs: 10,
      streamsMax: 100,
      connectionsMax: 100,
      silentMs: 10_000,
      unfinishedMs: 5_000,
      unfinishedBytes: 64 * 1024 * 1024,
      connectionAgeMs: 60_000,
      connectionGraceMs: 1_000,
      handshakeMs: 1_000,
      ...options,
    };
    const server = new CheckServer(
      parseAddress(listen)!,
      all,
      new HealthImplementation(),
      limits,
      (error) => errors.push(error),
    );
    const client = new CheckClient(await server.listen(false));
    started.push({ server, client });
    return { server, client };
  }

  it('hands every byte over undecoded, and the answer back as it is', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0]);
    const { client } = await start({ check: (sent) => Buffer.concat([sent, Buffer.from('!')]) });
    assert.deepEqual(await client.send(bytes), Buffer.concat([bytes, Buffer.from('!')]));
  });

  for (const [listen, want] of [
    ['127.0.0.1:0', 'local'],
    ['[::1]:0', 'local'],
    ['[::ffff:127.0.0.1]:0', 'remote'],
  ] as const) {
    it(`takes whoever asks on ${listen} for ${want}`, async () => {
      let asked: Asker | undefined;
      const check: Check = (bytes, asker) => {
        asked = asker;
        return bytes;
      };
      const { client } = await start({ check }, {}, listen);
      await client.send(Buffer.alloc(0));
      assert.deepEqual(asked, { kind: want });
    });
  }

  describe('sets as the deadline of an answer', () => {
    async function deadlineOf(timeoutMs: number | undefined, options: Partial<CheckServerOptions>) {
      let deadline = 0;
      const check: Check = (bytes, _asker, deadlineMs) => {
        deadline = deadlineMs;
        return bytes;
      };
      const { client } = await start({ check }, options);
      const from = Date.now();
      await client.send(Buffer.alloc(0), timeoutMs === undefined ? {} : { timeoutMs });
      return { from, deadline, to: Date.now() };
    }

    it('its own when the caller names none', async () => {
      const { from, deadline, to } = await deadlineOf(undefined, { deadlineMs: 60_000 });
      assert.ok(from + 60_000 <= deadline && deadline <= to + 60_000);
    });

    it('the caller’s less a margin, were it longer or shorter than its own', async () => {
      for (const timeoutMs of [30_000, 120_000]) {
        const options = { deadlineMs: 60_000, deadlineMarginMs: 5_000 };
        const { from, deadline, to } = await deadlineOf(timeoutMs, options);
        const left = timeoutMs - 5_000;
        // grpc-timeout is rounded to its unit.
        assert.ok(from + left - 1 <= deadline && deadline <= to + left + 1);
      }
    });
  });

  it('denies before the caller’s deadline passes while the pool is held up', async () => {
    const stage = await startPool();
    try {
      const { client } = await start(stage.pool, { deadlineMarginMs: 9_900 });
      const answer = await client.check(Buffer.from(WAIT), { timeoutMs: 10_000 });
      assert.equal(answer.result, 'sys.deadline');
      assert.equal(answer.http, 503);
    } finally {
      await stage.close();
    }
  });

  const broken: { name: string; check: Check }[] = [
    {
      name: 'throws',
      check: () => {
        throw new Error('a bug of ours');
      },
    },
    { name: 'rejects', check: () => Promise.reject(new Error('a bug of ours')) },
  ];
  for (const { name, check } of broken) {
    it(`denies sys.internal by a successful RPC when the checker ${name}, and tells it (C-111)`, async () => {
      const { client } = await start({ check });
      const answer = readResponse(await client.send(encodeCall()));
      assert.equal(answer.result, 'sys.internal');
      assert.equal(answer.allowed, false);
      assert.equal(answer.http, 503);
      assert.match(String(errors), /a bug of ours/);
    });
  }

  it('answers what it accepted before it closes', async () => {
    const accepted = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<Buffer>();
    const check: Check = () => {
      accepted.resolve();
      return decided.promise;
    };
    const { server, client } = await start({ check });
    const answer = client.send(encodeCall());
    await accepted.promise;
    const closed = server.close(60_000);
    decided.resolve(Buffer.from('decided'));
    assert.equal(String(await answer), 'decided');
    await closed;
  });

  it('cuts off, when its time to drain is over, what is never answered', async () => {
    const accepted = Promise.withResolvers<void>();
    const check: Check = () => {
      accepted.resolve();
      return new Promise(() => undefined);
    };
    const { server, client } = await start({ check });
    const answer = assert.rejects(client.send(encodeCall(), { timeoutMs: 60_000 }));
    await accepted.promise;
    await server.close(1);
    await answer;
  });
});

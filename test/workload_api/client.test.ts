// The client of the Workload API beside a real server of it: what is told, what is kept, and how it
// comes back. The server is a process of its own and is killed.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { WORKLOAD_API_BYTES_MAX } from '../../engine/limits.ts';
import { WorkloadApi } from '../../server/workload_api/client.ts';
import type { Kind, Result } from '../../server/workload_api/feed.ts';
import { TIMING, type Timing } from '../../server/workload_api/stream.ts';
import type { WorkloadSvid } from '../../server/workload_api/svid.ts';
import type { JwtBundles, X509Bundles } from '../../server/workload_api/updates.ts';
import { type Folder, useFolder } from '../support/folder.ts';
import type { LogLine } from '../support/server.ts';
import { until } from '../support/wait.ts';
import { Agent, authorityOf, bundlesMessage, ID, svidMessage } from './agent.ts';

const FAST: Timing = { ...TIMING, pauseMs: 20, pauseMsMax: 100 };
const KEYS = '{"keys":[]}';

class Seen {
  readonly log: LogLine[] = [];
  readonly api: WorkloadApi;
  svid: WorkloadSvid | undefined;
  x509: X509Bundles | undefined;
  jwt: JwtBundles | undefined;
  svids = 0;

  constructor(folder: Folder, timing = FAST, listens = true) {
    const logger = pino({ level: 'debug' }, { write: (line) => this.log.push(JSON.parse(line)) });
    const endpoint = { kind: 'unix', path: folder.at('agent.sock') } as const;
    this.api = new WorkloadApi(endpoint, logger, timing);
    if (listens) this.listen();
  }

  listen(): void {
    this.api.listen({
      onSvid: (svid) => {
        this.svid = svid;
        this.svids++;
      },
      onX509Bundles: (bundles) => {
        this.x509 = bundles;
      },
      onJwtBundles: (bundles) => {
        this.jwt = bundles;
      },
    });
  }

  count(kind: Kind, result: Result): number {
    return this.api.counts.find(([it]) => it === kind)![1][result];
  }

  get domains(): string[] {
    return [...(this.x509?.keys() ?? [])];
  }
}

const MESH = authorityOf('mesh.example');
const OTHER = authorityOf('other.example');
const both = bundlesMessage({ 'mesh.example': [MESH], 'other.example': [OTHER] });
const state = (serial = 1) => ({
  svid: { svids: [svidMessage({ serial })] },
  x509: both,
  jwt: { bundles: { 'spiffe://mesh.example': Buffer.from(KEYS) } },
});

describe('the client of the Workload API', () => {
  const folder = useFolder();
  let agent: Agent;
  let seen: Seen;
  before(async () => {
    agent = await Agent.start(`unix:${folder.at('agent.sock')}`);
  });
  after(() => agent.crash());
  beforeEach(async () => {
    await agent.say(state());
    seen = new Seen(folder);
    await until(() => seen.api.connected);
  });
  afterEach(() => seen.api.close());

  it('tells what there is at first: SVID, X.509 bundles, JWT bundles', () => {
    assert.equal(seen.svid?.id, ID);
    assert.deepEqual(seen.domains.sort(), ['mesh.example', 'other.example']);
    assert.deepEqual([...seen.jwt!], [['mesh.example', KEYS]]);
  });

  it('tells a second listener at once', () => {
    let told: X509Bundles | undefined;
    seen.api.listen({
      onX509Bundles(bundles) {
        told = bundles;
      },
    });
    assert.equal(told, seen.x509);
  });

  it('follows 20 rotations of SVID and bundles', async () => {
    for (let generation = 1; generation <= 20; generation++) {
      const authority = authorityOf('mesh.example', generation % 2);
      await agent.say({
        svid: { svids: [svidMessage({ generation: generation % 2, serial: generation })] },
        x509: bundlesMessage({ 'mesh.example': [authority], [`d${generation}.example`]: [OTHER] }),
      });
      await until(() => seen.domains.includes(`d${generation}.example`));
      assert.deepEqual(Buffer.from(seen.x509!.get('mesh.example')![0]!), authority);
    }
    await until(() => seen.svids === 21);
    assert.equal(seen.count('x509_svid', 'accepted'), 21);
    assert.equal(seen.count('x509_bundles', 'accepted'), 21);
  });

  it('forgets a domain whose bundle is absent, and knows that an empty one vouches for nobody', async () => {
    await agent.say({ x509: bundlesMessage({ 'mesh.example': [] }) });
    await until(() => seen.domains.length === 1);
    assert.deepEqual([...seen.x509!], [['mesh.example', []]]);
  });

  it('comes back after the server was killed, and keeps what was good until then', async () => {
    await agent.crash();
    await until(() => !seen.api.connected);
    assert.deepEqual(seen.domains.sort(), ['mesh.example', 'other.example']);
    await agent.restart();
    await agent.say({ x509: bundlesMessage({ 'mesh.example': [MESH] }) });
    await until(() => seen.api.connected && seen.domains.length === 1);
    assert.ok(seen.count('x509_bundles', 'interrupted') >= 1);
    assert.equal(seen.count('x509_bundles', 'withdrawn'), 0);
  });

  it('is there before the server, and gets what it says when it comes', async () => {
    await agent.crash();
    const early = new Seen(folder);
    await until(() => early.count('x509_svid', 'interrupted') >= 2);
    await agent.restart();
    await until(() => early.api.connected);
    assert.equal(early.svid?.id, ID);
    early.api.close();
  });

  const garbage: [name: string, base64: string][] = [
    ['bytes that are no message', Buffer.from('garbage').toString('base64')],
    ['a length beyond its end', Buffer.from([0x12, 0x7f, 0x0a]).toString('base64')],
    ['an empty message', ''],
    ['levels without an end', Buffer.alloc(100_000, 0x13).toString('base64')],
  ];
  for (const [name, base64] of garbage) {
    it(`keeps what was good beside ${name}, and takes the next good one`, async () => {
      await agent.sayRaw('x509', { base64 });
      await until(() => seen.count('x509_bundles', 'rejected') === 1);
      assert.deepEqual(seen.domains.sort(), ['mesh.example', 'other.example']);
      await agent.say({ x509: bundlesMessage({ 'mesh.example': [MESH] }) });
      await until(() => seen.domains.length === 1);
      assert.ok(seen.log.some(({ msg }) => msg.includes('what was good stays')));
    });
  }

  it('keeps the SVID when the next one is not fit', async () => {
    await agent.say({ svid: { svids: [{ ...svidMessage(), spiffe_id: `${ID}2` }] } });
    await until(() => seen.count('x509_svid', 'rejected') === 1);
    assert.equal(seen.svid?.id, ID);
  });

  it('refuses a message that is too large, and takes the next good one', async () => {
    const base64 = Buffer.alloc(WORKLOAD_API_BYTES_MAX + 1).toString('base64');
    await agent.sayRaw('x509', { base64 });
    await until(() => seen.count('x509_bundles', 'interrupted') >= 1);
    assert.equal(seen.domains.length, 2);
    await agent.say({ x509: bundlesMessage({ 'mesh.example': [MESH] }) });
    await until(() => seen.domains.length === 1);
  });

  it('has nothing any more when it is denied, and asks again', async () => {
    await agent.sayRaw('x509', { status: status.PERMISSION_DENIED });
    await agent.sayRaw('svid', { status: status.PERMISSION_DENIED });
    await until(() => seen.domains.length === 0 && seen.svid === undefined);
    assert.equal(seen.count('x509_bundles', 'withdrawn'), 1);
    assert.equal(seen.jwt?.size, 1, 'another kind is another matter');
    await agent.say(state());
    await until(() => seen.domains.length === 2 && seen.svid !== undefined);
  });

  for (const code of [status.INVALID_ARGUMENT, status.UNIMPLEMENTED]) {
    it(`does not ask again after ${status[code]}, but for other kinds`, async () => {
      await agent.sayRaw('jwt', { status: code });
      await until(() => seen.count('jwt_bundles', 'interrupted') === 1);
      await agent.say({ jwt: state().jwt, x509: bundlesMessage({ 'mesh.example': [MESH] }) });
      await until(() => seen.domains.length === 1);
      await sleep(300);
      assert.equal(seen.count('jwt_bundles', 'interrupted'), 1);
      assert.equal(seen.count('jwt_bundles', 'accepted'), 1);
      assert.equal(seen.api.connected, false);
    });
  }

  it('asks again after any other end, also a good one', async () => {
    await agent.sayRaw('x509', { status: status.OK });
    await until(() => seen.count('x509_bundles', 'interrupted') === 1);
    await until(() => seen.api.connected);
    assert.equal(seen.count('x509_bundles', 'accepted'), 2);
  });

  it('says nothing of keys in its log', async () => {
    const { x509_svid_key } = svidMessage();
    await agent.say({ svid: { svids: [{ ...svidMessage(), x509_svid: Buffer.from('x') }] } });
    await until(() => seen.count('x509_svid', 'rejected') === 1);
    const text = JSON.stringify(seen.log);
    assert.ok(!text.includes(x509_svid_key.toString('base64').slice(0, 40)));
    assert.doesNotMatch(text, /PRIVATE/);
  });
});

describe('the client of the Workload API, by the clock', () => {
  const folder = useFolder();
  let agent: Agent;
  before(async () => {
    agent = await Agent.start(`unix:${folder.at('agent.sock')}`);
    await agent.say(state());
  });
  after(() => agent.crash());

  it('pauses longer and longer, and from the beginning after a stream that held', async () => {
    await agent.sayRaw('x509', { status: status.UNAVAILABLE });
    const timing = { ...TIMING, pauseMs: 50, pauseMsMax: 400 };
    const seen = new Seen(folder, timing);
    const times: number[] = [];
    let last = 0;
    await until(() => {
      const count = seen.count('x509_bundles', 'interrupted');
      if (count > last) times.push(Date.now());
      last = count;
      return count >= 6;
    });
    seen.api.close();
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    // Each is between half of its bound and all of it; and what the attempt itself takes.
    for (const [index, pause] of pauses.entries()) {
      const bound = Math.min(400, 50 * 2 ** index);
      assert.ok(pause >= bound / 2 - 10, `pause ${index}: ${pause} ms`);
      assert.ok(pause <= bound + 1_000, `pause ${index}: ${pause} ms`);
    }
    await agent.say(state());
  });

  it('leaves a server that does not say anything, and asks again', async () => {
    await agent.sayRaw('x509', {});
    const seen = new Seen(folder, { ...FAST, firstMs: 100 });
    await until(() => seen.count('x509_bundles', 'interrupted') >= 2);
    await agent.say(state());
    await until(() => seen.api.connected);
    seen.api.close();
  });

  it('believes nothing of what it last heard too long ago', async () => {
    const seen = new Seen(folder, { ...FAST, staleMs: 300 });
    await until(() => seen.api.connected);
    await agent.crash();
    await until(() => !seen.api.connected);
    assert.equal(seen.domains.length, 2);
    await until(() => seen.domains.length === 0 && seen.svid === undefined && seen.jwt?.size === 0);
    assert.equal(seen.count('x509_bundles', 'withdrawn'), 1);
    await agent.restart();
    await until(() => seen.domains.length === 2 && seen.svid !== undefined);
    seen.api.close();
  });

  it('asks for nothing before somebody listens, and not for what nobody wants', async () => {
    const seen = new Seen(folder, FAST, false);
    assert.equal(seen.api.connected, false);
    let told = 0;
    seen.api.listen({ onJwtBundles: () => void told++ });
    await until(() => seen.api.connected);
    assert.equal(told, 1);
    assert.equal(seen.count('x509_svid', 'accepted') + seen.count('x509_bundles', 'accepted'), 0);
    seen.api.close();
    await agent.say(state());
    await sleep(100);
    assert.equal(told, 1, 'nor after it is closed');
  });
});

// TLS of the check port from the Workload API: Remit serves its own SVID and believes the bundles
// that it is given, both rotated under load without a request that fails; and what is withdrawn is
// believed no more, on every thread.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { type ChannelCredentials, credentials, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { WorkloadApi } from '../../server/workload_api/client.ts';
import { TlsWorkloadApi } from '../../server/workload_api/tls_material.ts';
import { makeSvid, pemOf } from '../support/certificates.ts';
import { CheckClient } from '../support/check_client.ts';
import { type Folder, useFolder } from '../support/folder.ts';
import { BUNDLE, encodeCall, writeBundle } from '../support/mesh.ts';
import { startServe } from '../support/process.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { ENFORCERS, handshake, type Identity, keyPem, PEERS } from '../support/tls_stage.ts';
import { until } from '../support/wait.ts';
import { Agent, authorityOf, bundlesMessage, ID, svidMessage } from './agent.ts';

const HOUR_MS = 3_600_000;

interface WorkloadServer extends TestServer {
  readonly port: number;
}

async function start(folder: Folder, acceptors = 1): Promise<WorkloadServer> {
  const server = await startServer(folder, {
    bundle: { ...BUNDLE, 'enforcer.yaml': ENFORCERS },
    config: `threads: {pool: 0, acceptors: ${acceptors}}
records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}
workloadApi: "unix:${folder.at('agent.sock')}"
tls: {check: {workloadApi: true}}`,
  });
  const { address } = server;
  return { ...server, port: address.kind === 'tcp' ? address.port : 0 };
}

/** A peer of a generation of the authority of its domain. */
function peerOf(id: string, generation = 0): Identity {
  const domain = id.split('/')[2]!;
  const leaf = makeSvid(id, `${domain} ${generation}`, {
    notBefore: Date.now() - HOUR_MS,
    notAfter: Date.now() + HOUR_MS,
  });
  return { cert: pemOf(leaf), key: keyPem('leaf') };
}

/** Verifies what it is served against these generations of the authority. */
function clientCredentials(identity: Identity, generations: readonly number[]): ChannelCredentials {
  const roots = generations.map((generation) => authorityOf('mesh.example', generation));
  const [key, cert] = [Buffer.from(identity.key), Buffer.from(identity.cert)];
  return credentials.createSsl(Buffer.from(pemOf(...roots)), key, cert, {
    checkServerIdentity: (_host, { subjectaltname }) =>
      subjectaltname === `URI:${ID}` ? undefined : new Error(`it is ${subjectaltname}`),
  });
}

const both = [authorityOf('mesh.example', 0), authorityOf('mesh.example', 1)];
const stateOf = (serial: number, generation = serial % 2) => ({
  svid: { svids: [svidMessage({ serial, generation })] },
  x509: bundlesMessage({ 'mesh.example': both, 'other.example': [authorityOf('other.example')] }),
});

async function served(server: WorkloadServer, identity = peerOf(PEERS.gateway)): Promise<string> {
  const socket: TLSSocket = await handshake(server.port, identity);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

const serialOf = (serial: number) => (0x1000 + serial).toString(16).toUpperCase();

function tlsClient(server: WorkloadServer, identity: Identity): CheckClient {
  return new CheckClient(server.address, {}, clientCredentials(identity, [0, 1]));
}

async function isAllowed(client: CheckClient): Promise<boolean> {
  const answer = await client.check(encodeCall(), { timeoutMs: 1_000 }).catch(() => undefined);
  return answer?.allowed === true;
}

describe('TLS from the Workload API', () => {
  const folder = useFolder();
  let agent: Agent;
  let server: WorkloadServer;
  before(async () => {
    agent = await Agent.start(`unix:${folder.at('agent.sock')}`);
    await agent.say(stateOf(0));
    server = await start(folder, 2);
  });
  after(async () => {
    await server.stop();
    await agent.crash();
  });
  const changed = () => server.metric('remit_tls_files_total{result="changed"}');
  /** Resolves when all threads have what it says then. */
  async function sayAndWait(messages: Parameters<Agent['say']>[0]): Promise<void> {
    const version = (thread: string) => server.metric(`remit_tls_version{thread="${thread}"}`);
    const before = await version('control');
    await agent.say(messages);
    await until(async () => {
      const [control, ...held] = await Promise.all(
        ['control', 'acceptor-0', 'acceptor-1'].map(version),
      );
      return control! > before && held.every((it) => it === control);
    });
  }
  const updates = (kind: string, result: string) =>
    server.metric(`remit_workload_api_updates_total{kind="${kind}",result="${result}"}`);

  it('serves its SVID and knows its peers', async () => {
    assert.equal(await served(server), serialOf(0));
    const client = tlsClient(server, peerOf(PEERS.gateway));
    assert.equal((await client.check(encodeCall())).result, 'allow');
    client.close();
    assert.equal(await server.metric('remit_workload_api_connected'), 1);
    assert.equal(await updates('x509_svid', 'accepted'), 1);
  });

  it('20 SVIDs and bundles one after another, under load: no request fails', async function () {
    this.timeout(120_000);
    const steady = tlsClient(server, peerOf(PEERS.gateway));
    let going = true;
    let answered = 0;
    const ask = async (fresh: boolean) => {
      while (going) {
        const client = fresh ? tlsClient(server, peerOf(PEERS.gateway, answered % 2)) : steady;
        assert.equal((await client.check(encodeCall(), { timeoutMs: 10_000 })).result, 'allow');
        answered++;
        if (fresh) client.close();
        await sleep(2);
      }
    };
    let failure: unknown;
    const load = Promise.all([ask(false), ask(false), ask(true)]);
    load.catch((error: unknown) => {
      failure = error;
    });
    const untilGoing = (holds: () => boolean | Promise<boolean>) =>
      until(() => {
        if (failure !== undefined) throw failure;
        return holds();
      });
    for (let serial = 1; serial <= 20; serial++) {
      const state = stateOf(serial);
      const extra = authorityOf(`d${serial}.example`);
      const bundles = { ...state.x509.bundles, [`spiffe://d${serial}.example`]: extra };
      await agent.say({ ...state, x509: { bundles } });
      await untilGoing(async () => (await changed()) === 2 * serial);
      await untilGoing(async () => (await served(server)) === serialOf(serial));
      const soFar = answered;
      await untilGoing(() => answered >= soFar + 10);
    }
    going = false;
    await load;
    steady.close();
    assert.ok(answered >= 200);
    assert.equal(await updates('x509_bundles', 'rejected'), 0);
    assert.equal(await server.metric('remit_tls_connections_total{result="withdrawn"}'), 0);
  });

  it('an authority that is taken out of a bundle is believed no more, on every thread', async () => {
    // More than are verified in one turn of a thread.
    const clients = Array.from({ length: 80 }, () => tlsClient(server, peerOf(PEERS.gateway, 1)));
    for (const client of clients) assert.equal((await client.check(encodeCall())).result, 'allow');
    await sayAndWait({ x509: bundlesMessage({ 'mesh.example': [both[0]!] }) });
    const allowed = await Promise.all(clients.map((client) => isAllowed(client)));
    assert.equal(allowed.filter((it) => it).length, 0);
    for (const client of clients) client.close();
    const good = tlsClient(server, peerOf(PEERS.gateway, 0));
    assert.equal((await good.check(encodeCall())).result, 'allow');
    good.close();
  });

  it('a bundle that is empty lets nobody of its domain in, nor does one that is gone', async () => {
    for (const x509 of [
      bundlesMessage({ 'mesh.example': [], 'other.example': both }),
      bundlesMessage({ 'other.example': [authorityOf('other.example')] }),
    ]) {
      await sayAndWait({ x509 });
      const client = tlsClient(server, peerOf(PEERS.gateway));
      await assert.rejects(client.check(encodeCall(), { timeoutMs: 1_000 }));
      client.close();
      await sayAndWait({ x509: stateOf(0).x509 });
      const again = tlsClient(server, peerOf(PEERS.gateway));
      assert.equal((await again.check(encodeCall())).result, 'allow');
      again.close();
    }
  });

  it('garbage, a dead agent and an agent that denies an SVID leave what is served', async () => {
    const before = await served(server);
    await agent.sayRaw('svid', { base64: Buffer.from('garbage').toString('base64') });
    await until(async () => (await updates('x509_svid', 'rejected')) === 1);
    assert.equal(await served(server), before);
    await agent.sayRaw('svid', { status: status.PERMISSION_DENIED });
    await until(async () => (await updates('x509_svid', 'withdrawn')) === 1);
    assert.equal(await served(server), before);
    await agent.crash();
    await until(async () => (await server.metric('remit_workload_api_connected')) === 0);
    assert.equal(await served(server), before);
    await agent.restart();
    await agent.say(stateOf(21));
    await until(async () => (await served(server)) === serialOf(21));
    await until(async () => (await server.metric('remit_workload_api_connected')) === 1);
    assert.doesNotMatch(JSON.stringify(server.log), /PRIVATE/);
  });

  it('an agent that denies the bundles lets nobody in', async () => {
    const client = tlsClient(server, peerOf(PEERS.gateway));
    assert.ok(await isAllowed(client));
    await agent.sayRaw('x509', { status: status.PERMISSION_DENIED });
    await until(async () => !(await isAllowed(client)));
    await agent.say(stateOf(0));
    await until(() => isAllowed(client));
    client.close();
  });
});

describe('TLS from a Workload API that is not there', () => {
  const folder = useFolder();

  it('waits for it, and starts as soon as it gives an SVID and bundles', async () => {
    const starting = start(folder);
    await sleep(300);
    const agent = await Agent.start(`unix:${folder.at('agent.sock')}`);
    await agent.say(stateOf(0));
    const server = await starting;
    assert.equal(await served(server), serialOf(0));
    await server.stop();
    await agent.crash();
  });

  it('`remit serve` serves what it gives, and ends when it is told to', async () => {
    const agent = await Agent.start(`unix:${folder.at('agent.sock')}`);
    await agent.say(stateOf(1));
    writeBundle(folder.at('policies'), { ...BUNDLE, 'enforcer.yaml': ENFORCERS });
    const config = `policies: ./policies
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
workloadApi: "unix://${folder.at('agent.sock')}"
tls: {check: {workloadApi: true}}`;
    const remit = await startServe(folder.write('remit.yaml', config));
    const client = new CheckClient(
      remit.check[0]!,
      {},
      clientCredentials(peerOf(PEERS.gateway), [1]),
    );
    assert.equal((await client.check(encodeCall())).result, 'allow');
    client.close();
    const { code, stderr } = await remit.stop();
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /PRIVATE/);
    await agent.crash();
  });

  it('does not start without, and says so', async () => {
    const endpoint = { kind: 'unix', path: folder.at('nobody.sock') } as const;
    const api = new WorkloadApi(endpoint, pino({ level: 'silent' }));
    await assert.rejects(TlsWorkloadApi.open(api, 100), {
      message: 'the Workload API gives no SVID that can be used; the log says why',
    });
    api.close();
  });
});

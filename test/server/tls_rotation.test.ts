// Files of TLS that change while it serves: without a dropped connection or a failed request, and
// never to something that does not work. And certificates that end while their connection is open.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { parseConfig } from '../../server/config.ts';
import { TlsFiles } from '../../server/tls_files.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import {
  authorityPem,
  handshake,
  PEERS,
  peerOf,
  servingPair,
  startTlsServer,
  type TlsServer,
  tlsClient,
} from '../support/tls_stage.ts';
import { until } from '../support/wait.ts';

const HOUR_MS = 3_600_000;

describe('TLS files that change', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    server = await startTlsServer(folder);
  });
  after(() => server.stop());

  const write = (serial: number) => {
    const { cert, key } = servingPair(serial);
    folder.write('tls.pem', cert);
    folder.write('tls.key', key);
  };
  async function served(): Promise<string> {
    const socket = await handshake(server.port, peerOf(PEERS.gateway));
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject?.CN);
  }
  const files = (result: string) => server.metric(`remit_tls_files_total{result="${result}"}`);

  it('20 serving certificates one after another, under load: no request fails', async function () {
    this.timeout(120_000);
    const identity = peerOf(PEERS.gateway);
    const steady = tlsClient(server.address, identity);
    let going = true;
    let answered = 0;
    const ask = async (fresh: boolean) => {
      while (going) {
        const client = fresh ? tlsClient(server.address, identity) : steady;
        assert.equal((await client.check(encodeCall(), { timeoutMs: 10_000 })).result, 'allow');
        answered++;
        if (fresh) client.close();
        await sleep(2);
      }
    };
    const load = Promise.all([ask(false), ask(false), ask(true)]);
    load.catch(() => undefined);
    for (let serial = 1; serial <= 20; serial++) {
      write(serial);
      await until(async () => (await served()) === `server ${serial}`);
    }
    going = false;
    await load;
    steady.close();
    assert.ok(answered > 100);
    assert.equal(await files('changed'), 20);
    assert.equal(await files('failed'), 0);
    assert.equal(await server.metric('remit_tls_connections_total{result="withdrawn"}'), 0);
  });

  it('a pair that does not fit keeps the last good one, is told once and counted', async () => {
    const before = await files('failed');
    folder.write('tls.key', servingPair(21).key);
    await until(async () => (await files('failed')) === before + 1);
    assert.equal(await served(), 'server 20');
    await sleep(2_500);
    assert.equal(await files('failed'), before + 1, 'not again for the same content');
    const told = server.log.filter(({ msg }) => msg.includes('the last good ones stay'));
    assert.equal(told.length, 1);
    assert.doesNotMatch(JSON.stringify(told), /PRIVATE/);
    write(22);
    await until(async () => (await served()) === 'server 22');
  });

  it('another bundle ends the connections of those it does not vouch for', async () => {
    const client = tlsClient(server.address, peerOf(PEERS.gateway));
    assert.equal((await client.check(encodeCall())).result, 'allow');
    folder.write('ca.pem', authorityPem('other.example'));
    await until(async () => {
      const answer = await client.check(encodeCall(), { timeoutMs: 1_000 }).catch(() => undefined);
      return answer?.allowed !== true;
    });
    await until(async () => (await server.metric('remit_connections')) === 0);
    assert.equal(await server.metric('remit_tls_connections_total{result="withdrawn"}'), 1);
    await assert.rejects(client.check(encodeCall(), { timeoutMs: 1_000 }));
    folder.write('ca.pem', authorityPem('other.example') + authorityPem('mesh.example'));
    await until(async () =>
      client.check(encodeCall(), { timeoutMs: 2_000 }).then(
        ({ allowed }) => allowed,
        () => false,
      ),
    );
    client.close();
  });

  it('a bundle that is emptied, as by a writer that is not done, changes nothing', async () => {
    const client = tlsClient(server.address, peerOf(PEERS.gateway));
    const before = await files('failed');
    folder.write('ca.pem', '');
    await until(async () => (await files('failed')) === before + 1);
    assert.equal((await client.check(encodeCall())).result, 'allow');
    client.close();
  });
});

describe('TLS files that change under two acceptors', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    server = await startTlsServer(folder, { acceptors: 2 });
  });
  after(() => server.stop());

  it('change on both', async () => {
    const { cert, key } = servingPair(7);
    folder.write('tls.pem', cert);
    folder.write('tls.key', key);
    const changed = 'remit_tls_files_total{result="changed"}';
    await until(async () => (await server.metric(changed)) === 1);
    await sleep(100);
    const seen = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await handshake(server.port, peerOf(PEERS.gateway));
        const { subject } = socket.getPeerCertificate();
        socket.destroy();
        return String(subject?.CN);
      }),
    );
    assert.deepEqual([...new Set(seen)], ['server 7']);
  });
});

describe('a connection whose certificate ends', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    server = await startTlsServer(folder);
  });
  after(() => server.stop());

  it('is closed soon after, and until then nothing is allowed that was asked too late', async () => {
    const notAfter = Math.ceil((Date.now() + 2_000) / 1_000) * 1_000;
    const short = { notBefore: Date.now() - HOUR_MS, notAfter };
    const client = tlsClient(server.address, peerOf(PEERS.gateway, 'mesh.example', short));
    assert.equal((await client.check(encodeCall())).result, 'allow');
    let lastAllowed = 0;
    await until(async () => {
      const asked = Date.now();
      const answer = await client.check(encodeCall(), { timeoutMs: 1_000 }).catch(() => undefined);
      if (answer?.allowed) lastAllowed = asked;
      return answer === undefined;
    });
    client.close();
    await until(async () => (await server.metric('remit_connections')) === 0);
    assert.ok(Date.now() < notAfter + 6_000, 'closed in time');
    assert.ok(lastAllowed < notAfter + 2_000, `allowed ${lastAllowed - notAfter} ms too late`);
    assert.equal(await server.metric('remit_tls_connections_total{result="withdrawn"}'), 1);
  });

  it('is told to come again before that, and no request fails on the way to a new one', async () => {
    const notAfter = Math.ceil((Date.now() + 7_000) / 1_000) * 1_000;
    const short = { notBefore: Date.now() - HOUR_MS, notAfter };
    const socket = await handshake(server.port, peerOf(PEERS.gateway, 'mesh.example', short));
    const http2 = await import('node:http2');
    const session = http2.connect('https://remit', { createConnection: () => socket });
    session.on('error', () => undefined);
    const goneAt = await new Promise<number>((resolve) => {
      session.on('goaway', (code) => resolve(code === 0 ? Date.now() : 0));
    });
    assert.ok(goneAt > notAfter - 6_000 && goneAt < notAfter, `${goneAt - notAfter}`);
    session.destroy();
  });
});

describe('TLS files when it starts', () => {
  const folder = useFolder();
  function start(): TlsFiles {
    const text = `policies: ./p
trustDomain: mesh.example
tls: {check: {cert: tls.pem, key: tls.key, clientBundle: ca.pem}}`;
    const config = parseConfig(folder.at('remit.yaml'), text, new Diagnostics());
    const tls = config?.tls;
    assert.ok(typeof tls === 'object');
    return new TlsFiles(tls);
  }
  const good = () => {
    const { cert, key } = servingPair(1);
    return { 'tls.pem': cert, 'tls.key': key, 'ca.pem': authorityPem('mesh.example') };
  };
  const cases: { name: string; files: Readonly<Record<string, string>>; want: RegExp }[] = [
    { name: 'a key of another certificate', files: { 'tls.key': servingPair(2).key }, want: /key/ },
    { name: 'no certificate', files: { 'tls.pem': '' }, want: /cannot be used/ },
    { name: 'no key', files: { 'tls.key': 'x' }, want: /cannot be used/ },
    { name: 'an empty bundle', files: { 'ca.pem': '' }, want: /holds no certificate/ },
    { name: 'a bundle of garbage', files: { 'ca.pem': 'x' }, want: /bundle of `mesh.example`/ },
    {
      name: 'a bundle with a workload in it',
      files: { 'ca.pem': peerOf(PEERS.gateway).cert },
      want: /no certificate authority/,
    },
    { name: 'a huge file', files: { 'ca.pem': ' '.repeat(2 ** 21) }, want: /too large/ },
  ];
  for (const { name, files, want } of cases) {
    it(`are refused with one line: ${name}`, () => {
      for (const [file, text] of Object.entries({ ...good(), ...files })) folder.write(file, text);
      assert.throws(start, (error) => {
        const { message } = error as Error;
        assert.match(message, want);
        assert.doesNotMatch(message, /\n|PRIVATE KEY/);
        return true;
      });
    });
  }
});

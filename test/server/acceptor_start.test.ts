// What an acceptor is told while it starts, as when it takes the place of one that died: it holds
// for the servers that it has not opened yet, or a bundle that was taken away would be believed on.

import assert from 'node:assert/strict';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { NO_KEY_IMAGE } from '../../engine/key_image.ts';
import { Acceptor } from '../../server/acceptor.ts';
import type { FromAcceptor } from '../../server/acceptor_messages.ts';
import { parseConfig } from '../../server/config.ts';
import { Counters } from '../../server/counters.ts';
import { recordMemories } from '../../server/record_memory.ts';
import { ActiveNumbers } from '../../workers/active_numbers.ts';
import { newNonceKey } from '../../workers/dpop_nonces.ts';
import { SharedUsedProofs } from '../../workers/used_proofs.ts';
import { makeImage } from '../support/mesh.ts';
import { authorityPem, handshake, PEERS, peerOf, servingPair } from '../support/tls_stage.ts';

const materialOf = (serial: number) => ({
  ...servingPair(serial),
  clientBundles: [['mesh.example', authorityPem('mesh.example')]] as const,
});

describe('an acceptor that is told of other TLS files while it starts', () => {
  it('serves those, and says so', async () => {
    const config = parseConfig('/remit.yaml', 'policies: ./policies\n', new Diagnostics());
    assert.ok(config !== undefined);
    const image = makeImage();
    const numbers = new ActiveNumbers();
    numbers.activate(image.version);
    const counters = new Counters();
    const said: FromAcceptor[] = [];
    const acceptor = new Acceptor(
      {
        name: 'acceptor-0',
        config,
        image,
        keys: NO_KEY_IMAGE,
        tls: materialOf(1),
        tlsVersion: 1,
        poolThreads: 0,
        listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
        shared: false,
        numbers: numbers.buffer,
        used: new SharedUsedProofs().buffer,
        nonceKey: newNonceKey(),
        handOff: undefined,
        counters: counters.buffer,
        records: recordMemories(config.records.bufferBytes),
      },
      (message) => said.push(message),
    );
    const starting = acceptor.start();
    await acceptor.receive({ kind: 'tls', material: materialOf(2), version: 2 });
    await starting;
    try {
      const [listening] = said;
      assert.ok(listening?.kind === 'listening');
      const [address] = listening.addresses;
      assert.ok(address?.kind === 'tcp');
      const socket = await handshake(address.port, peerOf(PEERS.gateway));
      assert.equal(socket.getPeerCertificate().subject.CN, 'server 2');
      socket.destroy();
      assert.equal(counters.figure('tlsVersion'), 2);
    } finally {
      await acceptor.receive({ kind: 'stop' });
    }
  });
});

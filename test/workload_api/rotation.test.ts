// Who vouches for callers comes from a Workload API that rotates under load: no request fails
// because of it, and as soon as the metric shows a change on every thread, the next request by what
// was removed is refused on every connection, whichever thread decides it.

import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { useFolder } from '../support/folder.ts';
import {
  CERTIFICATES,
  certificateBundles,
  OF_PARTNER,
  TOKENS,
  tokenBundles,
} from './rotating_mesh.ts';
import { type Bundles, type Load, RotationStage } from './rotation_stage.ts';

const ROTATIONS = 20;
/** By the load, by each acceptor and by the pool, while it rotates. */
const ANSWERED_MIN = 400;

const everything = [...CERTIFICATES, ...TOKENS, ...OF_PARTNER];

const kinds = [
  {
    kind: 'certificates',
    name: 'X.509 authorities',
    shown: CERTIFICATES,
    bundles: (of: readonly number[]): Bundles => ({ x509: certificateBundles(of) }),
  },
  {
    kind: 'tokens',
    name: 'JWT authorities',
    shown: TOKENS,
    bundles: (of: readonly number[]): Bundles => ({ jwt: tokenBundles(of) }),
  },
] as const;

describe('callers that the Workload API vouches for', function () {
  this.timeout(120_000);
  const folder = useFolder();
  let stage: RotationStage;
  let load: Load | undefined;
  before(async () => {
    stage = await RotationStage.start(folder);
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
  });
  after(() => stage.stop());

  it('are nobody until it has said something, and that is no fault of theirs', async () => {
    await stage.assertAll(everything, 0, 'sys.keys_unavailable');
    await stage.publish({ x509: certificateBundles([0]) });
    await stage.publish({ jwt: tokenBundles([0]) });
    await stage.assertAll(everything, 0, 'allow');
  });

  for (const { kind, name, shown, bundles } of kinds) {
    it(`outlive no removal, and none fails: ${ROTATIONS} ${name} in turn, under load`, async () => {
      const before = await stage.answered();
      const inPoolBefore = await stage.metric('remit_pool_requests_total');
      load = stage.load();
      for (let newest = 1; newest <= ROTATIONS; newest++) {
        // What is used until now stays beside the new one; what was before it goes.
        await stage.publish(bundles([newest - 1, newest]));
        if (newest > 1) await stage.assertAll(shown, newest - 2, 'authn.untrusted_issuer');
        await stage.assertAll(shown, newest - 1, 'allow');
        await stage.assertAll(shown, newest, 'allow');
        stage.newest[kind] = newest;
        await load.lap();
        load.assertAllAllowed();
      }
      await stage.publish(bundles([ROTATIONS]));
      await stage.assertAll(shown, ROTATIONS - 1, 'authn.untrusted_issuer');
      await stage.assertAll(shown, ROTATIONS, 'allow');
      await stage.assertAll(OF_PARTNER, 0, 'allow');
      await load.stop();
      assert.ok(load.assertAllAllowed() > ANSWERED_MIN);
      for (const [at, count] of (await stage.answered()).entries()) {
        assert.ok(count - before[at]! > ANSWERED_MIN, `acceptor ${at} answered ${count}`);
      }
      const inPool = (await stage.metric('remit_pool_requests_total')) - inPoolBefore;
      assert.ok(inPool > ANSWERED_MIN);
    });
  }

  it('are refused with their trust domain when it is taken out, and others are not', async () => {
    const { certificates, tokens } = stage.newest;
    const [certificate, token] = OF_PARTNER;
    load = stage.load();
    for (let round = 0; round < 3; round++) {
      await stage.publish({ x509: certificateBundles([certificates], false) });
      await stage.assertAll([certificate], 0, 'authn.untrusted_issuer');
      await stage.assertAll([token], 0, 'allow');
      await stage.publish({ jwt: tokenBundles([tokens], false) });
      await stage.assertAll(OF_PARTNER, 0, 'authn.untrusted_issuer');
      await load.lap();
      await stage.publish({ x509: certificateBundles([certificates]) });
      await stage.publish({ jwt: tokenBundles([tokens]) });
      await stage.assertAll(OF_PARTNER, 0, 'allow');
    }
    await load.stop();
    load.assertAllAllowed();
  });

  it('are nobody again, by no fault of theirs, when it denies what it gave', async () => {
    const { certificates, tokens } = stage.newest;
    const { PERMISSION_DENIED } = status;
    await stage.change(() => stage.agent.sayRaw('x509', { status: PERMISSION_DENIED }));
    await stage.assertAll(CERTIFICATES, certificates, 'sys.keys_unavailable');
    await stage.assertAll(TOKENS, tokens, 'allow');
    await stage.change(() => stage.agent.sayRaw('jwt', { status: PERMISSION_DENIED }));
    await stage.assertAll(TOKENS, tokens, 'sys.keys_unavailable');
    await stage.publish({ x509: certificateBundles([certificates]) });
    await stage.publish({ jwt: tokenBundles([tokens]) });
    await stage.assertAll(CERTIFICATES, certificates, 'allow');
    await stage.assertAll(TOKENS, tokens, 'allow');
  });
});

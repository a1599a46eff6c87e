// Clients that send what costs them little and a server much (C-111): its memory stays, it goes on
// answering others, and nothing of them is left. All on a loopback port, for seconds.

import assert from 'node:assert/strict';
import { useFolder } from '../support/folder.ts';
import { until } from '../support/wait.ts';
import { ATTACKS, type AttackName } from './attacks.ts';
import { Besieged } from './besieged.ts';

/** So long that the second half begins where the heap has found its size, on a fast machine too. */
const SIEGE_MS = 6_000;
/** In the second half of a siege: what a heap does between two collections. */
const GROWTH_MIB_MAX = 96;
/** Above a server that has answered thousands: 64 MiB of unfinished calls, and garbage. */
const ABOVE_MIB_MAX = 384;
/** Wide, because the machine may be busy; alone it is half a second at most. */
const ANSWER_MS_MAX = 10_000;
/** Sockets of the callers before and after come and go. */
const OPEN_MORE_MAX = 2;
const CONNECTIONS_MAX = 256;

describe('a server that is attacked', function () {
  this.timeout(20_000);
  const folder = useFolder();
  let server: Besieged;
  let rssMiB = 0;
  let open = 0;

  before(async () => {
    server = await Besieged.start(
      folder,
      `silentMs: 1000, unfinishedMs: 1000, connectionsMax: ${CONNECTIONS_MAX}`,
    );
    rssMiB = server.rssMiB;
    open = server.open;
  });

  after(() => server?.stop());

  for (const name of Object.keys(ATTACKS) as AttackName[]) {
    it(`withstands ${name}`, async () => {
      const siege = await server.siege(name, SIEGE_MS);
      const told = JSON.stringify(siege);
      assert.ok(siege.did > 0, told);
      assert.deepEqual(siege.wrong, [], told);
      assert.ok(siege.slowestMs < ANSWER_MS_MAX, told);
      assert.ok(siege.rssMiB.most - siege.rssMiB.half < GROWTH_MIB_MAX, told);
      assert.ok(siege.rssMiB.most - rssMiB < ABOVE_MIB_MAX, told);
      assert.ok(siege.openMost <= open + CONNECTIONS_MAX + 64, told);
      await until(() => server.open <= open + OPEN_MORE_MAX);
    });
  }

  it('has logged no error and ends as asked', async () => {
    const lines = server.log.split('\n').filter((line) => /"level":(40|50|60)/.test(line));
    assert.deepEqual(lines, []);
    assert.equal((await server.stop()).code, 0);
  });
});

// A running server follows its bundle: what is valid is in force on every thread at once, what is
// not leaves the last good bundle in force, and says so (C-112).

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressText } from '../../server/address.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, encodeCall, POLICY, POLICY_WITHOUT_PERMIT, writeBundle } from '../support/mesh.ts';
import { type ServeProcess, startServe } from '../support/process.ts';
import { metricValue } from '../support/server.ts';
import { until } from '../support/wait.ts';

const ALLOW = 'allow';
const DENY = 'authz.no_match';
const READ = encodeCall();

describe('a running server', function () {
  this.timeout(60_000);
  const folder = useFolder();
  let serve: ServeProcess;
  let client: CheckClient;

  async function start(name: string, reloadMs = 100, threads = '{pool: 0}'): Promise<string> {
    const policies = folder.at(name);
    if (name !== 'swapped') writeBundle(policies);
    const config = folder.at(`${name}.yaml`);
    writeFileSync(
      config,
      `policies: ./${name}
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
threads: ${threads}
limits: {reloadMs: ${reloadMs}}
records: {evidence: "file:/dev/null", decisions: "file:/dev/null"}
`,
    );
    serve = await startServe(config);
    client = new CheckClient(serve.check[0]!);
    return policies;
  }

  afterEach(async () => {
    client.close();
    const { code, signal, stderr } = await serve.stop();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr.slice(-3000));
  });

  const result = async (): Promise<string> => (await client.check(READ)).result;
  const decides = (want: string): Promise<void> => until(async () => (await result()) === want);
  const metrics = async (): Promise<string> =>
    (await fetch(`http://${addressText(serve.http)}/metrics`)).text();
  const metric = async (series: string): Promise<number> => metricValue(await metrics(), series);

  it('takes a changed rule, a new subfolder, and a file less', async () => {
    const policies = await start('followed');
    assert.equal(await result(), ALLOW);
    writeFileSync(join(policies, 'policy.yaml'), POLICY_WITHOUT_PERMIT);
    await decides(DENY);
    mkdirSync(join(policies, 'team', 'shop'), { recursive: true });
    const more = POLICY.replace('name: accounts', 'name: more');
    writeFileSync(join(policies, 'team', 'shop', 'more.yaml'), more);
    await decides(ALLOW);
    rmSync(join(policies, 'team'), { recursive: true });
    await decides(DENY);
    assert.equal(await metric('remit_reloads_total{result="activated"}'), 3);
    assert.equal(await metric('remit_reload_failed'), 0);
  });

  it('follows the swap of a symbolic link, as Kubernetes mounts a ConfigMap', async () => {
    const mount = folder.at('swapped');
    mkdirSync(mount);
    writeBundle(join(mount, '..data_1'));
    writeBundle(join(mount, '..data_2'), { ...BUNDLE, 'policy.yaml': POLICY_WITHOUT_PERMIT });
    symlinkSync('..data_1', join(mount, '..data'));
    for (const name of Object.keys(BUNDLE)) symlinkSync(`..data/${name}`, join(mount, name));
    await start('swapped');
    assert.equal(await result(), ALLOW);
    symlinkSync('..data_2', join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    await decides(DENY);
  });

  const broken: { name: string; spoil: (policies: string) => void }[] = [
    {
      name: 'a rule with a mistake',
      spoil: (it) => writeFileSync(join(it, 'policy.yaml'), POLICY.replace('permit', 'premit')),
    },
    {
      name: 'half of a file',
      spoil: (it) => writeFileSync(join(it, 'policy.yaml'), POLICY.slice(0, POLICY.length / 2)),
    },
    { name: 'no folder any more', spoil: (it) => rmSync(it, { recursive: true }) },
    {
      name: 'an empty folder',
      spoil: (it) => {
        rmSync(it, { recursive: true });
        mkdirSync(it);
      },
    },
  ];
  for (const { name, spoil } of broken) {
    it(`keeps the last good bundle beside ${name}, and says so`, async () => {
      const policies = await start(name.replaceAll(' ', '-'));
      spoil(policies);
      await until(async () => (await metric('remit_reload_failed')) === 1);
      assert.equal(await result(), ALLOW);
      assert.match(serve.stderr(), /the last good one stays in force/);
      writeBundle(policies, { ...BUNDLE, 'policy.yaml': POLICY_WITHOUT_PERMIT });
      await decides(DENY);
      assert.equal(await metric('remit_reload_failed'), 0);
    });
  }

  it('looks on SIGHUP, and only then when it is told not to look by itself', async () => {
    const policies = await start('told', 0);
    writeFileSync(join(policies, 'policy.yaml'), POLICY_WITHOUT_PERMIT);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await result(), ALLOW);
    process.kill(serve.pid, 'SIGHUP');
    await decides(DENY);
  });

  it('answers by the old or the new bundle, never by an older one, while it changes 50 times', async function () {
    this.timeout(240_000);
    const policies = await start('often', 0, '{acceptors: 2, pool: 2}');
    const clients = Array.from({ length: 4 }, () => new CheckClient(serve.check[0]!));
    let version = 1;
    let wanted: readonly string[] = [ALLOW];
    let answers = 0;
    let stopping = false;
    const asking = clients.map(async (one) => {
      while (!stopping) {
        // What was in force on every thread when it was sent, or came into force meanwhile.
        const before = wanted;
        const { result: got } = await one.check(READ);
        assert.ok(before.includes(got) || wanted.includes(got), `${got}: ${before}, ${wanted}`);
        answers++;
      }
    });
    for (let round = 0; round < 50; round++) {
      const permits = round % 2 === 1;
      const next = permits ? ALLOW : DENY;
      wanted = [ALLOW, DENY];
      writeFileSync(join(policies, 'policy.yaml'), permits ? POLICY : POLICY_WITHOUT_PERMIT);
      process.kill(serve.pid, 'SIGHUP');
      version++;
      await until(async () => {
        const text = await metrics();
        return ['control', 'acceptor-0', 'acceptor-1'].every(
          (thread) => metricValue(text, `remit_snapshot_version{thread="${thread}"}`) === version,
        );
      });
      wanted = [next];
      assert.equal(await result(), next);
    }
    stopping = true;
    await Promise.all(asking);
    for (const one of clients) one.close();
    assert.ok(answers > 500, `${answers} answers`);
  });
});

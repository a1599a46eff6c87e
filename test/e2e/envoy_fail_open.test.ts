// What failure_mode_allow: true lets through a real Envoy while Remit is in trouble: only requests
// that Remit has not answered, and each of them is counted and explained (C-111, C-112).

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../engine/limits.ts';
import { type RecordLine, readLines } from '../support/record_files.ts';
import { until } from '../support/wait.ts';
import { type Account, account, tell } from './account.ts';
import { Load, MIXED, read, refund } from './load.ts';
import { LoadStage, REACHED } from './load_stage.ts';
import { START_MS_MAX } from './rig.ts';

const CLIENTS = 16;
/** With a body of 1 MiB each, on one worker and 4 streams. */
const MANY_CLIENTS = 48;
const ANSWERS = 300;
const RELOADS = 10;
const FILES = 'records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}';
const LARGE = [refund('acme', 'allow', MiB), refund('globex', 'deny', MiB)];

describe('failure_mode_allow: true through a real Envoy', function () {
  this.timeout(START_MS_MAX);
  let stage: LoadStage;
  beforeEach(() => {
    stage = new LoadStage();
  });
  afterEach(() => stage.stop());

  /** After the load; prints what came of it. */
  async function judge(
    what: string,
    load: Load,
    options: { readonly decisions: boolean; readonly hasty?: boolean },
  ): Promise<Account & { readonly decided: readonly RecordLine[] }> {
    const sent = await load.stop();
    const explanation = await stage.explanation();
    const { code, stderr } = await stage.stopRemit();
    assert.equal(code, 0, stderr.slice(-3000));
    const decided = options.decisions ? readLines(stage.scenario.decisions) : [];
    const decisions = options.decisions ? decided : undefined;
    const hasty = options.hasty ?? false;
    let result: Account;
    try {
      result = account({ sent, arrivals: stage.arrivals, decisions, hasty });
    } catch (error) {
      console.log(`      ${what}: ${explanation}\n${stderr.slice(-3000)}`);
      throw error;
    }
    tell(what, result, explanation);
    const listener = hasty ? 'hasty' : 'open';
    const counted = await stage.envoyCount(`http.${listener}.ext_authz.failure_mode_allowed`);
    assert.equal(result.letThrough, counted, 'Envoy knows of each that it let through');
    assert.equal(result.refused, 0);
    return { ...result, decided };
  }

  it('overloaded: passes what finds no place among its connections, and nothing that it denied', async () => {
    await stage.start(`threads: {acceptors: 1, pool: 1}
limits: {streamsMax: 4, connectionsMax: 1}
${FILES}`);
    const load = new Load(stage, 'open', LARGE, MANY_CLIENTS);
    await until(() => load.answered > ANSWERS);
    const { allowed, denied } = await judge('overloaded', load, { decisions: true });
    assert.ok(allowed > 0 && denied > 0);
  });

  it('overloaded: passes what is not answered within the patience of Envoy', async () => {
    await stage.start(`threads: {acceptors: 1, pool: 1}
limits: {deadlineMarginMs: 100}
${FILES}`);
    const load = new Load(stage, 'hasty', LARGE, MANY_CLIENTS);
    await until(() => load.answered > ANSWERS);
    const { letThrough } = await judge('impatient', load, { decisions: true, hasty: true });
    const gaveUp = await stage.envoyCount('cluster.remit.upstream_rq_timeout');
    assert.equal(letThrough, gaveUp, 'for no other reason');
  });

  it('draining: passes what did not reach it, and nothing else', async () => {
    await stage.start(`threads: {acceptors: 1, pool: 1}\n${FILES}`);
    const load = new Load(stage, 'open', MIXED, CLIENTS);
    await until(() => load.answered > ANSWERS);
    assert.equal((await stage.stopRemit()).code, 0);
    const before = load.answered;
    await until(() => load.answered > before + ANSWERS);
    const { letThrough, decided } = await judge('draining', load, { decisions: true });
    assert.ok(letThrough >= ANSWERS, 'nobody could be asked');
    assert.equal(await stage.envoyCount(REACHED), decided.length, 'each check has its answer');
  });

  it('reloading: passes nothing without an answer, while valid and broken bundles come and go', async () => {
    await stage.start(`threads: {acceptors: 2, pool: 2}\nlimits: {reloadMs: 0}\n${FILES}`);
    const file = join(stage.scenario.policies, 'policies.yaml');
    const permits = readFileSync(file, 'utf8');
    const denies = permits.replace('operations: [account.read, ', 'operations: [');
    assert.notEqual(denies, permits);
    const kinds = [read('acme', 'either'), ...MIXED.slice(1)];
    const load = new Load(stage, 'open', kinds, CLIENTS);
    const reloads = (result: string) => stage.metric(`remit_reloads_total{result="${result}"}`);
    const put = async (text: string, result: string): Promise<void> => {
      const before = await reloads(result);
      const answered = load.answered;
      writeFileSync(file, text);
      process.kill(stage.remit.pid, 'SIGHUP');
      await until(async () => (await reloads(result)) > before);
      // Each bundle decides on something.
      await until(() => load.answered > answered + CLIENTS);
    };
    for (let round = 0; round < RELOADS; round++) {
      await put(round % 2 === 0 ? denies : permits, 'activated');
      await put(permits.slice(0, permits.length / 2), 'failed');
    }
    const { letThrough, reasons, allowed } = await judge('reloading', load, { decisions: true });
    assert.equal(letThrough, 0);
    assert.ok(allowed > 0 && (reasons['authz.no_match'] ?? 0) > 0, JSON.stringify(reasons));
  });

  it('with a full disk: passes nothing without an answer, while records are lost', async function () {
    if (!existsSync('/dev/full')) return this.skip();
    await stage.start(`threads: {acceptors: 1, pool: 1}
records: {evidence: "file:/dev/full", decisions: "file:/dev/full", bufferMiB: 1}`);
    const load = new Load(stage, 'open', MIXED, CLIENTS);
    for (const stream of ['evidence', 'decisions']) {
      const lost = () => stage.metric(`remit_records_dropped_total{stream="${stream}"}`);
      await until(async () => (await lost()) > 0);
    }
    const { letThrough } = await judge('full disk', load, { decisions: false });
    assert.equal(letThrough, 0);
  });
});

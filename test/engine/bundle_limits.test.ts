// Bundles that are made to exhaust or to deceive: each is refused in bounded time, with diagnostics
// at their places, or loads and means what it says.

import assert from 'node:assert/strict';
import { KiB, MiB } from '../../engine/limits.ts';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  meshWith,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  textOf,
  told,
} from './fixture.ts';

/** Everything that is told, in bounded time. */
function toldSoon(text: string, withinMs: number): string[] {
  const started = performance.now();
  const lines = told(text);
  const took = performance.now() - started;
  assert.ok(took < withinMs, `${Math.round(took)} ms`);
  return lines;
}

function ruleWith(more: Document): string {
  const rule = { id: 'a', effect: 'permit', from: { kinds: ['ci'] }, to: {}, ...more };
  return textOf([service('payments', { operations: {} }), policy('p', [rule])]);
}

describe('a bundle', () => {
  it('of aliases that multiply is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items =
        level === 0
          ? '"x"'
          : Array(10)
              .fill(`*a${level - 1}`)
              .join(', ');
      return `a${level}: &a${level} [${items}]`;
    });
    const lines = toldSoon(`kind: Policy\n${levels.join('\n')}\n`, 2000);
    assert.ok(lines.length >= 1);
    assert.match(lines.join('\n'), /alias/i);
  });

  it('of 20,000 documents is loaded, and told its one mistake', function () {
    this.timeout(120_000);
    const documents = Array.from({ length: 20_000 }, (_, index) => {
      return `kind: Identity\nmetadata: {name: i${index}}\nspec: {spiffe: "spiffe://a/${index}"}`;
    });
    documents[19_999] += '\ncolour: red';
    const lines = toldSoon(documents.join('\n---\n'), 60_000);
    assert.deepEqual(lines.length, 1);
    assert.match(lines[0]!, /^b\.yaml:80000:1: error: unknown field `colour`/);
  });

  it('with a condition of a megabyte is refused before it is parsed', () => {
    for (const condition of [
      `${'true || '.repeat(MiB / 8)}true`,
      '('.repeat(MiB),
      `"${'x'.repeat(MiB)}" == ""`,
    ]) {
      const [line, ...more] = toldSoon(ruleWith({ condition }), 2000);
      assert.match(line!, /at character \d+ of the condition: /);
      assert.ok(line!.length < KiB, 'and not all of it is told');
      assert.deepEqual(more, []);
    }
  });

  it('with a condition that is deep or broad within its length is refused', () => {
    for (const condition of [
      `${'('.repeat(4000)}true${')'.repeat(4000)}`,
      `${'!'.repeat(8000)}true`,
      `[${'['.repeat(4000)}`,
    ]) {
      const lines = toldSoon(ruleWith({ condition }), 2000);
      assert.ok(lines.length >= 1 && lines.length <= 16);
    }
  });

  it('with a regular expression of 100,000 characters is refused', () => {
    for (const pattern of ['a'.repeat(100_000), '(a*)*'.repeat(20_000), 'a{1000}{1000}']) {
      const condition = `request.path.matches('${pattern}')`;
      const lines = toldSoon(ruleWith({ condition }), 3000);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /error: at character \d+ of the condition: /);
    }
  });

  it('with roles that name each other’s names is no cycle: a role holds no role', () => {
    const role = (name: string, operation: string) => ({
      kind: 'Role',
      metadata: { name, namespace: 'pay' },
      spec: { covers: [{ operations: [operation] }] },
    });
    const pay = service('payments', {
      operations: { a: { http: 'GET /a' }, b: { http: 'GET /b' } },
    });
    assert.deepEqual(told(textOf([pay, role('a', 'b'), role('b', 'a')])), []);
    const nested = { ...role('a', 'b'), spec: { covers: [{ roles: ['b'] }] } };
    const [line] = told(textOf([pay, nested]));
    assert.match(
      line!,
      /unknown field `roles` in spec.covers\[0\]; expected one of services, operations/,
    );
  });

  it('with an id twice is told where the first stands', () => {
    const rule = { id: 'a', effect: 'forbid', from: {}, to: {} };
    const lines = told(textOf([policy('p', [rule, rule]), policy('p', [])]));
    assert.equal(lines.length, 2);
    assert.match(lines.join('\n'), /a second rule `a` in this policy/);
    assert.match(lines.join('\n'), /a second Policy `pay\/p`; the first stands at b.yaml:1/);
  });

  it('that permits and forbids the same forbids it, in any order', () => {
    const permit = { id: 'p', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };
    const forbid = { id: 'f', effect: 'forbid', from: { principals: [CHECKOUT] }, to: {} };
    for (const rules of [
      [permit, forbid],
      [forbid, permit],
    ]) {
      assert.equal(answerTo(meshWith(rules)), 'authz.forbidden');
    }
  });

  it('with names that look alike keeps them apart', () => {
    const cyrillic = CHECKOUT.replace('checkout', 'сheckout');
    const rule = { id: 'a', effect: 'permit', from: { principals: [cyrillic] }, to: {} };
    assert.match(told(textOf([policy('p', [rule])]))[0]!, /path segment characters are limited/);
    const claim = { id: 'a', effect: 'permit', from: { claims: { team: ['shоp'] } }, to: {} };
    const documents = [
      service('payments', { destinations: [PAYMENTS], operations: { a: { http: 'GET /a' } } }),
      policy('p', [claim]),
      identity(CHECKOUT, { attributes: { team: 'shop' } }),
      GATEWAY,
    ];
    assert.equal(answerTo(snapshotOf(documents)), 'authz.no_match');
  });

  it('with half a character, which has no UTF-8, is refused where it stands', () => {
    const forbid = { id: 'f', effect: 'forbid', from: { claims: { team: ['\ud800'] } }, to: {} };
    for (const document of [
      policy('p', [forbid]),
      policy('p', [{ ...forbid, from: { claims: { 'x\udc00': ['a'] } } }]),
      identity(CHECKOUT, { attributes: { team: 'a\ud800b' } }),
    ]) {
      const want = /: error: half a character; expected both halves of its surrogate pair$/;
      const [line, ...more] = told(textOf([document]));
      assert.match(line!, want);
      assert.deepEqual(more, []);
    }
    assert.deepEqual(told(textOf([identity(CHECKOUT, { attributes: { team: '\u{1f600}' } })])), []);
  });

  it('that is refused leaves the snapshot before it as it was', () => {
    const snapshot = meshWith([
      { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} },
    ]);
    const { digest } = snapshot.policy;
    assert.equal(answerTo(snapshot), 'allow');
    assert.ok(told(ruleWith({ condition: '('.repeat(1000) })).length > 0);
    assert.ok(told('kind: [').length > 0);
    assert.equal(answerTo(snapshot), 'allow');
    assert.equal(snapshot.policy.digest, digest);
  });
});

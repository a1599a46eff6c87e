// Decisions of Envoy's RBAC, as gRPC implements it, beside those of Remit for the same
// configuration in Remit's own kinds.

import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { NO_FACTS } from '../../engine/facts.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { checkEnvoy } from '../../envoy/check.ts';
import { checkRequestFromJson } from '../../proto/protojson.ts';
import { withSharedCases } from '../shared_cases.ts';
import { makeSnapshot } from '../support/mesh.ts';
import { pathOf, type RbacData, type RbacRequest } from './envoy_rbac.ts';
import { DESTINATION, translate } from './translate.ts';

/** Where Remit decides something else, and why. Each entry has to differ still. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  [
    'grpc.rbac/SuccessCaseEnvoyExample/1',
    'the caller is `//cluster.local/ns/default/sa/admin`, a URI that is no SPIFFE ID: it proves nothing, and no rule can name it',
  ],
]);
const CASES = 48;
const AGREEING_MIN = 36;
const NOW = Date.parse('2026-12-01T10:00:00Z');

function snapshotOf(chain: Parameters<typeof translate>[0]): Snapshot {
  const text = translate(chain)
    .map((document) => stringify(document))
    .join('---\n');
  return makeSnapshot({ 'rbac.yaml': text });
}

/** As Envoy says it: the URI SAN, else the DNS SAN, else the subject. */
function peerNameOf({ certificate }: RbacRequest): string {
  return certificate?.uriSans?.[0] ?? certificate?.dnsSans?.[0] ?? certificate?.subject ?? '';
}

function checkRequestOf(request: RbacRequest): Buffer {
  const { headers, destination, peer } = request;
  const principal = peerNameOf(request);
  const joined = Object.entries(headers).map(([name, values]) => [name, values.join(',')]);
  return Buffer.from(
    checkRequestFromJson({
      attributes: {
        source: {
          ...(principal !== '' && { principal }),
          address: { socketAddress: { address: peer.ip, portValue: peer.port ?? 0 } },
        },
        destination: { principal: DESTINATION },
        request: {
          http: {
            method: request.method,
            path: pathOf(request.path),
            headers: Object.fromEntries(joined),
          },
        },
        contextExtensions: {
          'remit.runtime.tls': String(request.tls),
          'remit.runtime.destination-ip': destination.ip,
          'remit.runtime.destination-port': String(destination.port),
        },
      },
    }),
  );
}

function decide(snapshot: Snapshot, request: RbacRequest): 'allow' | 'deny' {
  const step = checkEnvoy(checkRequestOf(request), { kind: 'local' }, snapshot, NO_FACTS, NOW);
  assert.ok(step.kind === 'answer');
  const { outcome, reason = '' } = step.answer.verdict.decision;
  // Rules have denied, and not something before them that the translation got wrong.
  const nameless = /^(?!spiffe:)./.test(peerNameOf(request));
  if (outcome === 'deny') assert.match(reason, nameless ? /^authn\.invalid_identity$/ : /^authz\./);
  return outcome;
}

describe("Envoy's RBAC, translated", () => {
  withSharedCases<RbacData>('grpc-rbac.json', ({ groups }) => {
    for (const { id: group, rbac, cases } of groups) {
      for (const { id, request, want } of cases) {
        const why = DIFFERENT.get(id);
        const title = why === undefined ? `${want}: ${id}` : `differs: ${id}: ${why}`;
        it(title, () => {
          const got = decide(snapshotOf(rbac), request);
          if (why === undefined) assert.equal(got, want, group);
          else assert.notEqual(got, want, 'it agrees now: strike it off the list');
        });
      }
    }

    it(`agrees on at least ${AGREEING_MIN} of ${CASES} cases, and differs on none that is not there`, () => {
      const ids = groups.flatMap(({ cases }) => cases.map(({ id }) => id));
      assert.equal(ids.length, CASES);
      assert.ok([...DIFFERENT.keys()].every((id) => ids.includes(id)));
      assert.ok(ids.length - DIFFERENT.size >= AGREEING_MIN);
    });
  });
});

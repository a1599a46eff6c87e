// C-002: the closed union of reasons. Each code has exactly one class, and the class says how a
// client and a gRPC peer are answered (DESIGN 5.6).

import assert from 'node:assert/strict';
import {
  grpcCode,
  REASON_CODES,
  REASONS,
  type Reason,
  reasonClass,
  reasonTitle,
} from '../../engine/reason.ts';

/** Every code with its HTTP status; adding one to the engine has to be said here as well. */
const codes: Readonly<Record<Reason, number>> = {
  'ctx.malformed_request': 400,
  'ctx.malformed_too_large': 400,
  'ctx.duplicate_header': 400,
  'ctx.ambiguous_path': 400,
  'ctx.unmapped_operation': 403,
  'ctx.destination_conflict': 403,
  'ctx.insufficient': 403,
  'ctx.body_unreadable': 403,
  'authn.missing': 403,
  'authn.untrusted_enforcer': 403,
  'authn.enforcer_scope': 403,
  'authn.untrusted_issuer': 403,
  'authn.invalid_identity': 403,
  'authn.invalid_token': 403,
  'authn.expired': 403,
  'authn.not_yet_valid': 403,
  'authn.audience': 403,
  'authn.binding': 403,
  'authn.replay': 403,
  'authn.nonce': 403,
  'authn.identity_conflict': 403,
  'authn.assurance': 403,
  'authn.lifetime_exceeded': 403,
  'authn.wrong_principal_kind': 403,
  'authn.orphaned': 403,
  'authn.revoked': 403,
  'authz.no_policy': 403,
  'authz.no_match': 403,
  'authz.forbidden': 403,
  'authz.unknown_identity': 403,
  'authz.verb': 403,
  'authz.resource': 403,
  'authz.role': 403,
  'authz.condition': 403,
  'authz.environment': 403,
  'authz.time_window': 403,
  'authz.runtime': 403,
  'authz.boundary': 403,
  'authz.coarse_only': 403,
  'authz.token_scope': 403,
  'authz.task_required': 403,
  'authz.approval_required': 403,
  'authz.ceiling': 403,
  'authz.shared_identity': 403,
  'authz.review_overdue': 403,
  'sys.internal': 503,
  'sys.overloaded': 503,
  'sys.deadline': 503,
  'sys.worker_lost': 503,
  'sys.keys_unavailable': 503,
  'sys.stale_state': 503,
  'sys.clock': 503,
  'sys.audit': 503,
};

const CLASSES = ['ctx', 'sys', 'authn', 'authz'] as const;
const GRPC = { authn: 16, authz: 7, ctx: 7, sys: 14 } as const;

describe('C-002: a reason', () => {
  it('is one of a closed list, with its HTTP status', () => {
    const table = REASON_CODES.map((code) => [code, REASONS[code].http]);
    assert.deepEqual(Object.fromEntries(table), codes);
    assert.equal(new Set(REASON_CODES).size, REASON_CODES.length);
  });

  for (const code of REASON_CODES) {
    it(`has exactly one class, and its answers follow from it: ${code}`, () => {
      const classes = CLASSES.filter((it) => code.startsWith(`${it}.`));
      assert.deepEqual(classes, [reasonClass(code)]);
      assert.equal(grpcCode(code), GRPC[reasonClass(code)]);
      assert.ok(REASONS[code].http >= 400, 'no denial looks like success');
      assert.ok((reasonClass(code) === 'sys') === (REASONS[code].http === 503));
    });
  }

  it('is malformed exactly where it is answered 400', () => {
    const bad = REASON_CODES.filter((code) => REASONS[code].http === 400);
    assert.ok(bad.every((code) => code.startsWith('ctx.')));
    assert.deepEqual(
      REASON_CODES.filter((code) => code.startsWith('ctx.malformed')),
      bad.filter((code) => code.startsWith('ctx.malformed')),
    );
  });

  it('says what it means in one sentence', () => {
    for (const code of REASON_CODES) {
      assert.match(REASONS[code].sentence, /^[A-Z][^.]*\.$/, code);
    }
    const sentences = REASON_CODES.map((code) => REASONS[code].sentence);
    assert.equal(new Set(sentences).size, sentences.length, 'no two say the same');
  });

  it('tells the client its class and no more', () => {
    const titles = new Map<string, Set<string>>();
    for (const code of REASON_CODES) {
      const known = titles.get(reasonClass(code)) ?? new Set();
      titles.set(reasonClass(code), known.add(reasonTitle(code)));
    }
    assert.deepEqual(
      [...titles.values()].map((it) => it.size),
      [1, 1, 1, 1],
    );
  });

  it('is looked up in a table that inherits nothing', () => {
    assert.equal(Object.getPrototypeOf(REASONS), null);
    assert.ok(Object.isFrozen(REASONS));
  });
});

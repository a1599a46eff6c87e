// The shared cases of requests as opa-envoy-plugin reads them: path, query and body of a whole
// CheckRequest, from its bytes on (C-113).

import assert from 'node:assert/strict';
import { BodyProblem, type BodyValue } from '../../engine/body/body.ts';
import { parseQuery } from '../../engine/body/query.ts';
import { bodyKind, readBody } from '../../engine/body/read_body.ts';
import { isFailure } from '../../engine/failure.ts';
import { parsePathTemplate, TemplateError } from '../../engine/policy/path_template.ts';
import { RouteTable } from '../../engine/policy/route_table.ts';
import type { AttributesRead } from '../../engine/settings.ts';
import { type CheckRequestView, decodeCheckRequest } from '../../envoy/check_request.ts';
import { canonicalPath, pathAmbiguity } from '../../envoy/path.ts';
import { rawBodyOf } from '../../envoy/raw_body.ts';
import { encode } from '../envoy/fixture.ts';
import { withSharedCases } from '../shared_cases.ts';

interface PathWant {
  readonly segments?: readonly string[];
  readonly query?: Readonly<Record<string, readonly string[]>>;
  readonly ambiguous?: readonly string[];
  readonly error?: true;
}

interface BodyWant {
  readonly kind: string;
  readonly state: string;
  readonly value?: unknown;
  readonly exact?: readonly { readonly path: readonly (string | number)[]; readonly int: string }[];
}

interface Case {
  readonly id: string;
  readonly check: { readonly attributes: unknown };
  readonly mayRefuse?: string;
  readonly expect: {
    readonly path?: PathWant;
    readonly body?: BodyWant;
    readonly principal?: string | null;
  };
}

/** Decided differently on purpose: the reason, and what is read instead. */
const DIFFERENCES: Readonly<Record<string, readonly [reason: string, body: string]>> = {
  'opa.grpc/parsed_path_error': ['nothing here reads gRPC, whatever its path', 'grpc unread'],
  'opa.grpc/truncated_payload': [
    'nothing looks into gRPC for the end of a message; unread keeps a permit away as well',
    'grpc unread',
  ],
};

/** Our words for why a path is ambiguous. */
const AMBIGUITIES: Readonly<Record<string, readonly string[]>> = {
  'encoded-slash': ['encoded_slash'],
  'encoded-dot': ['encoded_dot'],
  'encoded-percent': ['encoded_percent'],
  'empty-segment': ['empty_segment'],
  'dot-segment': ['dot_segment'],
  backslash: ['backslash', 'encoded_backslash'],
  nul: ['control_byte'],
};

const READ: AttributesRead = {
  host: true,
  certificate: true,
  sni: true,
  port: true,
  body: true,
  sourceAddress: true,
  headers: new Set(),
  proofHeaders: new Set(),
  metadata: true,
  extensions: true,
};

/** The keys of protojson as protobuf.js wants them. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === 'headers') return [key, member];
      return [key.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`), snakeCase(member)];
    }),
  );
}

function viewOf({ check }: Case): CheckRequestView {
  const view = decodeCheckRequest(encode(snakeCase(check) as object), READ);
  assert.ok(!isFailure(view));
  return view;
}

function plain(value: BodyValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

function at(value: BodyValue, path: readonly (string | number)[]): BodyValue | undefined {
  let found: BodyValue | undefined = value;
  for (const step of path) {
    if (typeof step === 'string') {
      assert.ok(found instanceof Map);
      found = found.get(step);
    } else {
      assert.ok(Array.isArray(found));
      found = found[step];
    }
  }
  return found;
}

/** The segments of a path as captures of a route see them. */
function segmentsOf(path: string): readonly string[] | undefined {
  const count = path.split('/').length - 1;
  const template = `/${Array.from({ length: count }, (_, i) => `{s${i}}`).join('/')}`;
  const segments = parsePathTemplate(template);
  assert.ok(!(segments instanceof TemplateError));
  const routes = new RouteTable<true>();
  routes.add('GET', segments, true);
  return routes.find('GET', path)?.captures;
}

function checkPath(rawPath: string, want: PathWant): void {
  const path = canonicalPath(rawPath, 'NONE');
  assert.ok(path !== undefined);
  const ambiguity = pathAmbiguity(path);
  const query = parseQuery(rawPath);
  if (want.error) {
    assert.ok(ambiguity === 'malformed_percent' || query instanceof BodyProblem);
    return;
  }
  assert.ok(!(query instanceof BodyProblem));
  assert.deepEqual([...query], Object.entries(want.query ?? {}));
  if (want.ambiguous !== undefined) {
    assert.ok(want.ambiguous.flatMap((it) => AMBIGUITIES[it] ?? []).includes(`${ambiguity}`));
    return;
  }
  assert.equal(ambiguity, undefined);
  assert.deepEqual(segmentsOf(path), want.segments);
}

/** What is read, and whether it is what the case wants. */
function compareBody(view: CheckRequestView, { expect, mayRefuse }: Case): [string, boolean] {
  const want = expect.body;
  assert.ok(want !== undefined);
  const raw = rawBodyOf(view);
  const kind = bodyKind(raw.contentType);
  const body = readBody(raw);
  if (body instanceof BodyProblem) {
    const states = mayRefuse === undefined ? [want.state] : [want.state, 'error'];
    return [`${kind} ${body.state}`, want.kind === kind && states.includes(body.state)];
  }
  const agrees = want.kind === kind && want.kind === body.kind && want.state === 'parsed';
  if (agrees && 'value' in want) assert.deepEqual(plain(body.value), want.value);
  for (const { path, int } of want.exact ?? []) assert.equal(at(body.value, path), BigInt(int));
  return [`${kind} parsed`, agrees];
}

withSharedCases<{ readonly cases: readonly Case[] }>('http-request-parse.json', ({ cases }) => {
  const grpcParsed = (it: Case) => {
    return it.expect.body?.kind === 'grpc' && it.expect.body.state === 'parsed';
  };

  describe('requests of http-request-parse.json', () => {
    for (const it_ of cases) {
      const { path, body, principal } = it_.expect;
      it(it_.id, () => {
        const view = viewOf(it_);
        if (path !== undefined) checkPath(view.path, path);
        if (principal !== undefined) assert.equal(view.sourcePrincipal, principal ?? '');
        if (body === undefined) return;
        const [found, agrees] = compareBody(view, it_);
        const difference = DIFFERENCES[it_.id];
        // What needs descriptors is read by a parser that has them, and by no other.
        if (grpcParsed(it_)) assert.ok(['grpc unread', 'grpc absent'].includes(found), found);
        else if (difference === undefined) assert.ok(agrees, found);
        else {
          assert.equal(found, difference[1]);
          assert.ok(!agrees, 'it agrees now: strike it off the list');
        }
      });
    }

    it('are all there, and so is what is listed', () => {
      assert.equal(cases.length, 104);
      const ids = new Set(cases.map(({ id }) => id));
      assert.deepEqual(
        Object.keys(DIFFERENCES).filter((id) => !ids.has(id)),
        [],
      );
      assert.equal(cases.filter(grpcParsed).length, 3);
    });
  });
});

// From a chain of Envoy RBAC configurations to documents of Remit that decide the same: an
// operation for each exact path, a rule for each pair of a permission and a principal, conditions
// for what has no field of its own. What has no counterpart is said by a rule that is not there.

import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import type { CidrRange, Matcher, RbacConfig, StringMatcher } from './envoy_rbac.ts';
import { pathOf } from './envoy_rbac.ts';

export const DESTINATION = 'spiffe://cluster.local/ns/test/sa/upstream';

const KINDS = ['workload', 'agent', 'ci', 'third_party', 'gateway', 'human'];

/** A document as YAML would give it. */
export interface Document {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What one matcher asks for; `false` is met by nothing. */
type Meaning =
  | false
  | {
      /** Without: whoever it is, with an identity or none. */
      readonly principal?: string;
      readonly anonymous?: true;
      readonly ipBlock?: string;
      readonly path?: string;
      readonly runtime?: Readonly<Record<string, readonly string[]>>;
      readonly condition?: string;
    };

/** @throws Error where a chain cannot be said in Remit at all */
export function translate(chain: readonly RbacConfig[]): Document[] {
  const allows = chain.filter(({ action }) => action === 'ALLOW');
  if (allows.length > 1) throw new Error('two ALLOW configurations must both match');
  const paths = new Set<string>();
  const rules: object[] = [];
  for (const { action, policies } of chain) {
    for (const { permissions, principals } of Object.values(policies ?? {})) {
      for (const permission of permissions) {
        for (const principal of principals) {
          for (const rule of rulesOf(action, permission, principal, paths)) {
            rules.push({ id: `rule-${rules.length}`, ...rule });
          }
        }
      }
    }
  }
  // Nothing but DENY lets through whatever it does not deny.
  if (allows.length === 0) {
    for (const rule of rulesOf('ALLOW', { any: true }, { any: true }, paths)) {
      rules.push({ id: `rule-${rules.length}`, ...rule });
    }
  }
  return [
    service(paths),
    { kind: 'Policy', metadata: { name: 'rbac', namespace: 'test' }, spec: { rules } },
    // Envoy knows no inventory: every workload of the mesh stands in it.
    {
      kind: 'Identity',
      metadata: { name: 'mesh', namespace: 'test' },
      spec: { spiffe: 'spiffe://cluster.local/ns/*/sa/*' },
    },
    {
      kind: 'Enforcer',
      metadata: { name: 'envoy' },
      spec: {
        type: 'gateway',
        local: true,
        asserts: {
          peer: ['principal', 'anonymous'],
          destinations: ['*'],
          runtime: ['tls', 'destination-ip', 'destination-port'],
        },
      },
    },
  ];
}

/** gRPC is always POST. Literal paths beat the rest. */
function service(paths: ReadonlySet<string>): Document {
  const operations: Record<string, object> = {
    root: { http: 'POST /', verb: 'invoke' },
    other: { http: 'POST /{rest=**}', verb: 'invoke' },
  };
  for (const path of paths) operations[nameOf(path)] = { http: `POST ${path}`, verb: 'invoke' };
  return {
    kind: 'Service',
    metadata: { name: 'upstream', namespace: 'test' },
    spec: { destinations: [DESTINATION], operations },
  };
}

function nameOf(path: string): string {
  return `path${path.replace(/[^a-z0-9]+/g, '-')}`;
}

/** One rule for callers with an identity and one for those without, where both are meant. */
function rulesOf(
  action: RbacConfig['action'],
  permission: Matcher,
  principal: Matcher,
  paths: Set<string>,
): object[] {
  const what = meaningOf(permission);
  const who = meaningOf(principal);
  if (what === false || who === false) return [];
  const { path } = what;
  if (path !== undefined) paths.add(path);
  const conditions = [what.condition, who.condition].filter((it) => it !== undefined);
  const rest = {
    effect: action === 'ALLOW' ? 'permit' : 'forbid',
    to: { services: ['upstream'], ...(path !== undefined && { operations: [nameOf(path)] }) },
    ...(conditions.length > 0 && { condition: conditions.join(' && ') }),
  };
  const { ipBlock, runtime } = who;
  const surroundings = {
    ...(ipBlock !== undefined && { ipBlocks: [ipBlock] }),
    ...(runtime !== undefined && { runtime }),
  };
  const known = who.principal === undefined ? { kinds: KINDS } : { principals: [who.principal] };
  const callers = who.anonymous
    ? [{ anonymous: true }]
    : who.principal === undefined
      ? [{ anonymous: true }, known]
      : [known];
  return callers.map((from) => ({ from: { ...from, ...surroundings }, ...rest }));
}

/** By fields of a rule where there are some, else by a condition. */
function meaningOf(matcher: Matcher): Meaning {
  const { any, urlPath, authenticated, metadata, requestedServerName } = matcher;
  if (any) return {};
  // gRPC has no dynamic metadata and no server name: both are known before any request.
  if (metadata !== undefined) return metadata.invert ? {} : false;
  if (requestedServerName !== undefined) return matchesText(requestedServerName, '') ? {} : false;
  if (urlPath?.path.exact !== undefined) return { path: pathOf(urlPath.path.exact) };
  if (authenticated !== undefined) return meaningOfName(authenticated.principalName);
  const range = matcher.directRemoteIp ?? matcher.remoteIp ?? matcher.sourceIp;
  if (range !== undefined) return { ipBlock: blockOf(range) };
  return { condition: conditionOf(matcher) };
}

/** `authenticated` is met by TLS peers only; one without a certificate has the name "". */
function meaningOfName(name: StringMatcher | undefined): Meaning {
  if (name?.exact === '') return { anonymous: true, runtime: { tls: ['true'] } };
  if (name?.exact === undefined) throw new Error('a principal is named whole');
  // A name that is no SPIFFE ID is nobody's.
  return parseSpiffeId(name.exact) instanceof SpiffeId ? { principal: name.exact } : false;
}

function matchesText({ exact, prefix }: StringMatcher, text: string): boolean {
  return exact === undefined ? text.startsWith(prefix ?? '') : text === exact;
}

function blockOf({ addressPrefix, prefixLen = 0 }: CidrRange): string {
  return `${addressPrefix}/${prefixLen}`;
}

function conditionOf(matcher: Matcher): string {
  const { andRules, orRules, notRule, urlPath, header, destinationIp, destinationPort } = matcher;
  if (andRules !== undefined) return `(${andRules.rules.map(conditionOf).join(' && ')})`;
  if (orRules !== undefined) return `(${orRules.rules.map(conditionOf).join(' || ')})`;
  if (notRule !== undefined) return `!${conditionOf(notRule)}`;
  if (urlPath !== undefined) {
    const { exact, prefix = '' } = urlPath.path;
    return exact === undefined
      ? `request.path.startsWith(${quoted(pathOf(prefix))})`
      : `(request.path == ${quoted(pathOf(exact))})`;
  }
  if (header !== undefined) return headerCondition(header);
  // Set by the listener's own configuration, which is where Remit has such facts from.
  if (destinationPort !== undefined) {
    return `(context.runtime[?'destination-port'].orValue('') == '${destinationPort}')`;
  }
  if (destinationIp !== undefined) {
    const block = quoted(blockOf(destinationIp));
    return `cidr(${block}).containsIP(context.runtime[?'destination-ip'].orValue('::'))`;
  }
  throw new Error(`no condition for ${JSON.stringify(matcher)}`);
}

function headerCondition({ name, exactMatch, safeRegexMatch }: Matcher['header'] & {}): string {
  if (name === ':method') return `(request.method == ${quoted(exactMatch ?? '')})`;
  const value = `request.headers[?${quoted(name)}]`;
  if (safeRegexMatch === undefined) return `(${value}.orValue('') == ${quoted(exactMatch ?? '')})`;
  // Envoy's regular expressions have to match the whole value.
  const regex = quoted(`^(?:${safeRegexMatch.regex})$`);
  return `(${value}.hasValue() && ${value}.value().matches(${regex}))`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

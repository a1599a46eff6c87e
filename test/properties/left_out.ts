// Why leaving a valid proof out may make an allow of a deny: the exceptions that
// docs/authentication.md lists ("What one proof more can take away"), each told from what was shown
// and not from the answer alone.

import type { Verdict } from '../../engine/check.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { NOW } from '../engine/fixture.ts';
import { PROOFS, type ProofName, type Shown, without } from './credentials.ts';
import { judged } from './judged.ts';

export const EXCEPTIONS = [
  'it contradicts another one',
  'it names another caller',
  'it says for whom he acts',
  'it narrows by its scopes',
  'it is what names him and may not',
] as const;
export type Exception = (typeof EXCEPTIONS)[number];

/** One request with a proof, and the same one without it. */
export interface Pair {
  readonly snapshot: Snapshot;
  /** Rules ask for proof. */
  readonly asking: boolean;
  readonly shown: Shown;
  readonly http: string;
  readonly proof: ProofName;
  readonly before: Verdict;
  readonly after: Verdict;
}

/** Undefined where nothing on the list explains it. */
export function exceptionOf(pair: Pair): Exception | undefined {
  const { before, after } = pair;
  const { reason } = before.decision;
  const [caller, other] = [before.principal, after.principal];
  if (caller === undefined) return contradicts(pair) ? 'it contradicts another one' : undefined;
  if (caller.id !== other?.id) return 'it names another caller';
  if (caller.actors.length > other.actors.length) return 'it says for whom he acts';
  if (reason === 'authz.token_scope' && isOfOAuth(pair)) return 'it narrows by its scopes';
  return isRefusedAsCaller(pair) ? 'it is what names him and may not' : undefined;
}

/** Whoever is allowed or denied is the same, acting for the same. */
export function isOfOneCaller({ before, after }: Pair): boolean {
  const [caller, other] = [before.principal, after.principal];
  const actors = (it: Verdict['principal']) => it?.actors.map(({ id }) => id).join();
  return caller !== undefined && caller.id === other?.id && actors(caller) === actors(other);
}

/** Shown alone, with the certificate that it may be bound to, it proves somebody. */
export function isValidAlone({ snapshot, shown, http, proof }: Pair): boolean {
  let alone = shown;
  for (const other of PROOFS) {
    const binds = other === 'certificate' || other === 'client';
    const isNeeded = (proof === 'token' || proof === 'payload') && binds;
    if (other !== proof && !(isNeeded && shown[proof]?.binding === 'certificate')) {
      alone = without(alone, other);
    }
  }
  return judged(snapshot, alone, http).evidence.result === 'verified';
}

/** An OAuth token without a scope has none that covers anything. */
const isOfOAuth = ({ shown, proof }: Pair): boolean =>
  (proof === 'token' || proof === 'payload') && shown[proof]?.kind === 'access';

const METHODS: Readonly<Record<ProofName, string>> = {
  peer: 'peer_principal',
  certificate: 'x509_svid',
  client: 'client_cert',
  token: 'jwt jwt_svid',
  wit: 'wit',
  key: 'api_key',
  payload: 'jwt_metadata',
};
const OF_THE_CREDENTIAL = ['wrong_principal_kind', 'lifetime_exceeded', 'assurance'];

/** `accepts`, a lifetime or an age refuses the very credential that names the caller. */
function isRefusedAsCaller({ before, after, proof, asking }: Pair): boolean {
  const { method } = before.evidence;
  const byIt = METHODS[proof].split(' ').includes(method) && method !== after.evidence.method;
  const [, code = ''] = before.decision.reason?.split('authn.') ?? [];
  return byIt && (asking || OF_THE_CREDENTIAL.includes(code));
}

/** Two that name different ones, two tokens, two certificates, or one beside whoever has ended. */
function contradicts(pair: Pair): boolean {
  const { before, after, shown, proof, snapshot, http } = pair;
  const { reason } = before.decision;
  if (reason === 'authn.wrong_principal_kind') return before.evidence.method === 'jwt';
  if (reason !== 'authn.identity_conflict') return false;
  const tokens = [shown.token, shown.key, shown.payload].filter((it) => it !== undefined);
  if (tokens.length > 1 && shown[proof] !== undefined && !isPeer(proof)) return true;
  const rest = PROOFS.filter((it) => it !== proof && shown[it] !== undefined);
  const named = (names: readonly ProofName[]) => {
    const others = PROOFS.filter((it) => !names.includes(it));
    const alone = others.reduce((all, it) => without(all, it), shown);
    return judged(snapshot, alone, http).principal;
  };
  const own = named([proof]);
  if (own !== undefined && NOW >= own.entry.expiresAt) return true;
  if (after.principal !== undefined && NOW >= after.principal.entry.expiresAt) return true;
  const differs = rest.some((it) => {
    const one = named([it]);
    if (one === undefined || own === undefined) return false;
    return one.known && own.known ? one.entry.id !== own.entry.id : one.id !== own.id;
  });
  const { certificate, client } = shown;
  const twice = certificate !== undefined && client !== undefined;
  return differs || (twice && certificate.long !== client.long);
}

const isPeer = (proof: ProofName) => ['peer', 'certificate', 'client', 'wit'].includes(proof);

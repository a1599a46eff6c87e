// What records say of credentials and of what was permitted, read from their JSON. A file may hold
// anything: what is no such record says nothing.

/** One credential that was proved, once. */
export interface Proof {
  readonly method: string;
  /** A SPIFFE ID where `issuer` is empty. */
  readonly subject: string;
  /** Who vouches for a token or an API key. */
  readonly issuer: string;
  /** A digest; empty where an enforcer's word is all that came. */
  readonly credential: string;
  /** Of a certificate its own key, of a token that of its issuer. */
  readonly keyThumbprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  readonly enforcer: string;
  /** The workload that showed a token or a key; empty where none was proved. */
  readonly workload: string;
  readonly time: number;
}

export interface Use {
  readonly principal: string;
  readonly operation: string;
  readonly service: string;
  readonly verb: string;
  readonly dataClass: string;
  readonly time: number;
}

/**
 * What names a subject of its issuer. No other issuer's `sub` is a SPIFFE ID, whatever it says: it
 * never counts as the workload of that name.
 */
const OF_ISSUER: ReadonlySet<string> = new Set(['jwt', 'jwt_metadata', 'api_key']);
/** What may be passed on: who shows it is another question than whom it names. */
const PASSED_ON: ReadonlySet<string> = new Set([...OF_ISSUER, 'jwt_svid']);

/** A record, or a part of one, of which nothing is known yet. */
type Unread = Readonly<Record<string, unknown>>;

/** All credentials of a record; none where it proves nobody. */
export function readProofs(record: unknown): readonly Proof[] {
  if (!isUnread(record) || record['kind'] !== 'authn.evidence') return [];
  const others = Array.isArray(record['others']) ? record['others'].filter(isUnread) : [];
  // Both were verified and are not of one identity: the one shows what is the other's.
  const isConflict = record['reason'] === 'authn.identity_conflict' && others.length > 0;
  if (record['result'] !== 'verified' && !isConflict) return [];
  const time = instantOf(record['time']);
  if (time === undefined) return [];
  // A transaction token is a context and names nobody.
  const all = [record, ...others.filter(({ kind }) => kind !== 'txn_token')];
  const holder = all.find(({ method }) => !PASSED_ON.has(textOf(method)));
  const workload = holder === undefined ? '' : textOf(holder['subject']);
  const enforcer = textOf(record['enforcer']);
  return all.flatMap((it) => readProof(it, enforcer, workload, time) ?? []);
}

function readProof(
  shown: Unread,
  enforcer: string,
  workload: string,
  time: number,
): Proof | undefined {
  const method = textOf(shown['method']);
  const subject = textOf(shown['subject']);
  if (method === '' || subject === '') return undefined;
  return {
    method,
    subject,
    issuer: OF_ISSUER.has(method) ? textOf(shown['issuer']) : '',
    credential: textOf(shown['credential']),
    keyThumbprint: textOf(shown['keyThumbprint']),
    notBefore: instantOf(shown['notBefore']),
    notAfter: instantOf(shown['notAfter']),
    enforcer,
    workload: PASSED_ON.has(method) ? workload : '',
    time,
  };
}

/** What a decision permitted; undefined where it permits nothing. */
export function readUse(record: unknown): Use | undefined {
  if (!isUnread(record) || record['kind'] !== 'authz.decision') return undefined;
  const time = instantOf(record['time']);
  const use = {
    principal: textOf(record['principal']),
    operation: textOf(record['operation']),
    service: textOf(record['service']),
    verb: textOf(record['verb']),
    dataClass: textOf(record['dataClass']),
  };
  const isAllowed = record['outcome'] === 'allow' && use.principal !== '' && use.operation !== '';
  return isAllowed && time !== undefined ? { ...use, time } : undefined;
}

function isUnread(value: unknown): value is Unread {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function instantOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

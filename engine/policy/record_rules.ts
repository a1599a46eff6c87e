// From documents to the rules of an image: of policies and exceptions, checked and with every name
// resolved, in the order of their ids (docs/semantics.md, "Which rules there are").

import type { Bundle, Located } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import type {
  ExceptionDocument,
  FromBlock,
  ModeDocument,
  PolicyDocument,
  RuleDocument,
} from '../bundle/rule_kind.ts';
import type { Path } from '../bundle/yaml_document.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { dayEnd } from '../review.ts';
import { BlockCompiler, defined, type RuleContext } from './block_compiler.ts';
import { checkCondition } from './condition_check.ts';
import { isReservedHeader } from './obligation_names.ts';
import type { FromRecord, RoleRecord, RuleRecord } from './rule_record.ts';
import { parseTimeWindow, TimeWindow } from './time_window.ts';

export function recordRules(
  bundle: Bundle,
  context: RuleContext,
  diagnostics: Diagnostics,
): RuleRecord[] {
  const records: RuleRecord[] = [];
  for (const policy of bundle.policies) {
    const ids = new Set<string>();
    for (const [index, rule] of policy.document.spec.rules.entries()) {
      const path: Path = ['spec', 'rules', index];
      if (ids.has(rule.id)) {
        const message = `a second rule \`${rule.id}\` in this policy`;
        diagnostics.error(policy.at([...path, 'id']), message);
      }
      ids.add(rule.id);
      records.push(new RuleRecorder(policy, path, context, diagnostics).rule(policy, rule));
    }
  }
  for (const exception of bundle.exceptions) {
    const recorder = new RuleRecorder(exception, ['spec'], context, diagnostics);
    records.push(recorder.exception(exception.document));
  }
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function recordRoles(
  roles: Bundle['roles'],
  context: RuleContext,
  diagnostics: Diagnostics,
): RoleRecord[] {
  return roles.map(({ document, at }) => {
    const { namespace, reviewBy } = document.metadata;
    const compiler = new BlockCompiler(namespace, at, context, diagnostics);
    const covers = document.spec.covers.map((entry, index) => {
      return compiler.to(entry, ['spec', 'covers', index]);
    });
    const reviewUntil = context.overdueDenies && reviewBy ? dayEnd(reviewBy) : undefined;
    return defined({ id: documentId(document), namespace, covers, reviewUntil });
  });
}

/** What rules and exceptions share. */
type Common = Pick<
  RuleDocument,
  'from' | 'to' | 'require' | 'condition' | 'between' | 'crossTenant'
>;

type Checked = { [K in keyof RuleRecord]?: RuleRecord[K] | undefined } & Pick<
  RuleRecord,
  'id' | 'namespace' | 'effect' | 'from' | 'to'
>;

class RuleRecorder {
  readonly #namespace: string;
  readonly #at: Located<unknown>['at'];
  readonly #context: RuleContext;
  readonly #diagnostics: Diagnostics;
  readonly #blocks: BlockCompiler;

  constructor(
    { document, at }: Located<PolicyDocument | ExceptionDocument>,
    path: Path,
    context: RuleContext,
    diagnostics: Diagnostics,
  ) {
    this.#namespace = document.metadata.namespace;
    this.#at = (inner) => at([...path, ...inner]);
    this.#context = context;
    this.#diagnostics = diagnostics;
    this.#blocks = new BlockCompiler(this.#namespace, this.#at, context, diagnostics);
  }

  rule({ document }: Located<PolicyDocument>, rule: RuleDocument): RuleRecord {
    const { effect, suspendable, obligations } = rule;
    const permit = effect === 'permit';
    const mode = rule.mode ?? document.spec.mode;
    if (permit && suspendable) this.#error(['suspendable'], 'is said of a forbid');
    if (!permit && rule.require !== undefined) {
      const message = 'a forbid requires nothing: it holds whatever the proof';
      this.#error(['require'], message, '`condition`, or `not`');
    }
    this.#checkObligations(obligations, permit);
    const { reviewBy } = document.metadata;
    return defined({
      ...this.#common(rule, effect, `${documentId(document)}/${rule.id}`),
      obligations,
      suspendable: suspendable || undefined,
      shadowUntil: shadowUntil(mode),
      reviewUntil: permit ? this.#reviewUntil(reviewBy) : undefined,
    });
  }

  exception(document: ExceptionDocument): RuleRecord {
    const { suspends, expiresAt } = document.spec;
    for (const [index, id] of (suspends ?? []).entries()) this.#checkSuspended(id, index);
    return defined({
      ...this.#common(document.spec, 'permit', documentId(document)),
      suspends,
      expiresAt: Date.parse(expiresAt),
      reviewUntil: this.#reviewUntil(document.metadata.reviewBy),
    });
  }

  #common(rule: Common, effect: RuleRecord['effect'], id: string): Checked {
    const { from, to, between, condition } = rule;
    const permit = effect === 'permit';
    this.#checkFrom(from, permit);
    for (const [path, not] of [['from', from.not] as const, ['to', to.not] as const]) {
      // Nothing to negate would negate everything, and silence a forbid.
      if (not !== undefined && Object.keys(not).length === 0) {
        this.#error([path, 'not'], '`not` without a key excludes everything', 'at least one key');
      }
    }
    this.#checkRequire(rule.require);
    if (between !== undefined) {
      const window = parseTimeWindow(between);
      if (!(window instanceof TimeWindow)) {
        this.#error(['between', ...window.path], window.message, window.expected);
      }
    }
    const { not: fromNot, anonymous, ...positive } = from;
    const { not: toNot, ...reached } = to;
    const excluded = fromNot && this.#blocks.from(fromNot, ['from', 'not']);
    const whom = this.#blocks.from(positive, ['from']);
    const target = this.#blocks.to(reached, ['to']);
    return {
      id,
      namespace: this.#namespace,
      effect,
      from: permit ? this.#atHome(from, whom) : whom,
      fromNot: permit || !excluded ? excluded : this.#atHome(fromNot ?? {}, excluded),
      anonymous,
      to: target,
      toNot: toNot && this.#blocks.to(toNot, ['to', 'not']),
      require: rule.require,
      condition:
        condition === undefined
          ? undefined
          : checkCondition(condition, effect, target, this.#namespace, this.#context, (...told) =>
              this.#error(['condition'], ...told),
            ),
      between,
      crossTenant: rule.crossTenant || undefined,
    };
  }

  #checkFrom(from: FromBlock, permit: boolean): void {
    const positive = Object.keys(from).filter((key) => key !== 'not');
    if (permit && positive.length === 0) {
      this.#error(['from'], 'a permit says whom it permits', 'at least one key besides `not`');
    } else if (permit && positive.every((key) => key === 'ipBlocks' || key === 'runtime')) {
      // INVARIANT: network location alone never permits (DESIGN 5.14).
      const message = 'where a request comes from permits nothing by itself';
      this.#error(['from'], message, 'a key that names the caller beside it');
    }
    const located = positive.every((key) => ['anonymous', 'ipBlocks', 'runtime'].includes(key));
    if (from.anonymous && (!located || from.not !== undefined)) {
      const message = '`anonymous` stands alone: such a caller has nothing else';
      this.#error(['from', 'anonymous'], message);
    }
  }

  #checkRequire(needs: RuleDocument['require']): void {
    if (needs === undefined) return;
    if (Object.keys(needs).length === 0) this.#error(['require'], 'requires nothing', 'a key');
    const { task } = needs;
    if (task === undefined) return;
    const id = task.includes('/') ? task : `${this.#namespace}/${task}`;
    const { profileIds } = this.#context;
    if (profileIds.has(id)) return;
    const message = `no TaskProfile \`${task}\` in namespace \`${this.#namespace}\``;
    this.#error(['require', 'task'], message, [...profileIds].slice(0, 20).join(', ') || undefined);
  }

  #checkObligations(given: RuleDocument['obligations'], permit: boolean): void {
    if (given === undefined) return;
    if (permit && given.denialBody !== undefined) {
      this.#error(['obligations', 'denialBody'], 'is said of a forbid');
    }
    if (!permit && given.headers !== undefined) {
      this.#error(['obligations', 'headers'], 'are said of a permit: a denied request ends here');
    }
    for (const [name, value] of Object.entries(given.headers ?? {})) {
      const path = ['obligations', 'headers', name];
      if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) {
        this.#error(path, `\`${name}\` is no header name in lower case`);
      } else if (isReservedHeader(name)) {
        this.#error(path, `\`${name}\` is not for rules to set`);
      }
      if (!/^[\x20-\x7e]*$/.test(value)) this.#error(path, 'a header value is printable ASCII');
    }
    const { denialBody = '' } = given;
    if (!/^[\x20-\x7e]{0,1024}$/.test(denialBody)) {
      const message = 'is shown to a client: printable ASCII, 1,024 characters at most';
      this.#error(['obligations', 'denialBody'], message);
    }
  }

  #checkSuspended(id: string, index: number): void {
    const path = ['suspends', index];
    const forbid = this.#context.forbids.get(id);
    if (!id.startsWith(`${this.#namespace}/`)) {
      this.#error(path, 'an exception suspends forbids of its own namespace');
    } else if (forbid === undefined) this.#error(path, `no forbid \`${id}\``);
    else if (!forbid.suspendable) {
      this.#error(path, `\`${id}\` may not be suspended`, '`suspendable: true` in that rule');
    }
  }

  /**
   * INVARIANT: neither a permit by namespace or service account, nor what a forbid spares by them,
   * reaches a foreign trust domain that happens to use the same names.
   */
  #atHome(from: Omit<FromBlock, 'not' | 'anonymous'>, record: FromRecord): FromRecord {
    const byKubernetesName = from.namespaces ?? from.serviceAccounts;
    if (byKubernetesName === undefined || from.trustDomains || from.principals) return record;
    const { homeTrustDomains } = this.#context;
    if (homeTrustDomains.length > 1) {
      this.#error(
        ['from'],
        'namespaces mean something else in each trust domain, and there are several',
        '`trustDomains` beside it, or `trustDomain` in remit.yaml',
      );
    }
    return { ...record, home: homeTrustDomains };
  }

  #reviewUntil(reviewBy: string | undefined): number | undefined {
    return this.#context.overdueDenies && reviewBy !== undefined ? dayEnd(reviewBy) : undefined;
  }

  #error(path: Path, message: string, expected?: string, suggestion?: string): void {
    this.#diagnostics.error(this.#at(path), message, expected, suggestion);
  }
}

function shadowUntil(mode: ModeDocument | undefined): number | undefined {
  return mode === undefined ? undefined : Date.parse(mode.until);
}

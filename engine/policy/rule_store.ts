// The rules of a snapshot, in shared memory: each as one line of JSON that becomes a Rule when a
// request first comes near it, and the index by which requests find them.

import { PostingTable, PostingTableBuilder } from '../image/posting_table.ts';
import type { Sections } from '../image/sections.ts';
import {
  type StringTable,
  type StringTableBuilder,
  TextColumn,
  textColumn,
} from '../image/string_table.ts';
import { RULES_KEPT_MAX } from '../limits.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { ANY, KEYED, type RuleKeys } from './anchor.ts';
import type { Role } from './role.ts';
import { Rule } from './rule.ts';
import type { RuleRecord } from './rule_record.ts';

type WritableSections = Map<string, Uint8Array | Uint32Array>;

/**
 * Adds the sections of the rules.
 * @param records sorted by id
 * @param tokens the strings of the whole image
 */
export function writeRules(
  records: readonly RuleRecord[],
  keys: readonly RuleKeys[],
  tokens: StringTableBuilder,
  sections: WritableSections,
): void {
  const texts = textColumn(records.map((record) => JSON.stringify(record)));
  sections.set('rule.offsets', texts.offsets);
  sections.set('rule.bytes', texts.bytes);
  const matching = new PostingTableBuilder();
  const near = new PostingTableBuilder();
  const any = tokens.add(ANY);
  const keyed = tokens.add(KEYED);
  for (const [index, { principals, targets, resources, ...nearby }] of keys.entries()) {
    for (const principal of principals) {
      for (const target of targets) {
        const [a, t] = [tokens.add(principal), tokens.add(target)];
        for (const resource of resources) matching.add(a, t, tokens.add(resource), index);
        if (resources[0] !== ANY) matching.add(a, t, keyed, index);
      }
    }
    if (records[index]!.effect === 'forbid') continue;
    for (const principal of nearby.nearPrincipals) {
      for (const target of nearby.nearTargets) {
        near.add(tokens.add(principal), tokens.add(target), any, index);
      }
    }
  }
  for (const [name, table] of [['matching', matching] as const, ['near', near] as const]) {
    const { slots, lists } = table.parts();
    sections.set(`${name}.slots`, slots);
    sections.set(`${name}.lists`, lists);
  }
}

/** One pattern for each mask that the principals of rules use. */
export function patternShapes(records: readonly RuleRecord[]): readonly string[] {
  const shapes = new Map<string, string>();
  for (const { from } of records) {
    for (const text of from.principals ?? []) {
      if (!text.includes('*')) continue;
      const pattern = parseSpiffePattern(text);
      if (pattern instanceof SpiffePattern) shapes.set(pattern.mask, text);
    }
  }
  return [...shapes.values()];
}

export class RuleStore {
  readonly tokens: StringTable;
  readonly matching: PostingTable;
  readonly near: PostingTable;
  readonly shapes: readonly SpiffePattern[];
  readonly roles: ReadonlyMap<string, Role>;
  readonly any: number;
  readonly keyed: number;
  readonly #texts: TextColumn;
  readonly #rules = new Map<number, Rule>();

  constructor(
    sections: Sections,
    tokens: StringTable,
    shapes: readonly string[],
    roles: ReadonlyMap<string, Role>,
  ) {
    this.tokens = tokens;
    this.roles = roles;
    this.any = tokens.find(ANY);
    this.keyed = tokens.find(KEYED);
    this.#texts = new TextColumn(sections.words('rule.offsets'), sections.bytes('rule.bytes'));
    const table = (name: string) =>
      new PostingTable({
        slots: sections.words(`${name}.slots`),
        lists: sections.words(`${name}.lists`),
      });
    this.matching = table('matching');
    this.near = table('near');
    this.shapes = shapes.flatMap((text) => {
      const pattern = parseSpiffePattern(text);
      return pattern instanceof SpiffePattern ? [pattern] : [];
    });
  }

  get size(): number {
    return this.#texts.length;
  }

  /** By its place in the order of ids. */
  at(index: number): Rule {
    const known = this.#rules.get(index);
    if (known !== undefined) return known;
    // Our own text, written by the loader; the image's digest has been checked.
    const rule = new Rule(JSON.parse(this.#texts.at(index)) as RuleRecord, this.roles);
    // Many times what one thread's traffic comes near; beyond it all are made anew.
    if (this.#rules.size === RULES_KEPT_MAX) this.#rules.clear();
    this.#rules.set(index, rule);
    return rule;
  }
}

// Names that a reviewer takes for each other. Two names are confusable when their skeletons are the
// same (UTS 39 calls it that): with letters that look alike made one, and what eyes skip left out.

import { type Bundle, documentId, type Located } from '../bundle/bundle.ts';
import type { Position } from '../diagnostic.ts';
import type { LintRule } from './lint_rule.ts';

interface Name {
  readonly text: string;
  readonly at: Position;
}

export const CONFUSABLE_NAME: LintRule = {
  code: 'lint.confusable_name',
  severity: 'warning',
  finds:
    'two identities, services, roles or owners whose names look alike, and an owner in letters of several scripts',
  why: 'A reviewer reads `payments` and approves `payrnents`.',
  fix: 'Rename one of them.',
  check: ({ bundle }, tell) => {
    for (const [what, names] of groupsOf(bundle)) {
      const seen = new Map<string, string>();
      for (const { text, at } of names) {
        if (hasMixedScripts(text)) tell(at, `${what} \`${text}\` mixes letters of several scripts`);
        const skeleton = skeletonOf(text);
        const other = seen.get(skeleton);
        if (other === undefined) seen.set(skeleton, text);
        else if (other !== text) tell(at, `${what} \`${text}\` looks like \`${other}\``);
      }
    }
  },
};

function groupsOf(bundle: Bundle): readonly (readonly [string, readonly Name[]])[] {
  const byName = (list: readonly Located<Parameters<typeof documentId>[0]>[]): Name[] => {
    return list.map(({ document, at }) => {
      return { text: documentId(document), at: at(['metadata', 'name']) };
    });
  };
  const { keyFiles: _, tests: __, ...lists } = bundle;
  const owners = Object.values(lists).flatMap((list) =>
    (list as readonly Located<{ readonly metadata: { readonly owner?: string } }>[]).flatMap(
      ({ document, at }): Name[] => {
        const { owner } = document.metadata;
        return owner === undefined ? [] : [{ text: owner, at: at(['metadata', 'owner']) }];
      },
    ),
  );
  return [
    ['the identity', bundle.identities.flatMap(identityName)],
    ['the service', byName(bundle.services)],
    ['the role', byName(bundle.roles)],
    ['the owner', owners],
  ];
}

function identityName({ document, at }: Bundle['identities'][number]): Name[] {
  const { spiffe, subject } = document.spec;
  return [
    ...(spiffe === undefined ? [] : [{ text: spiffe, at: at(['spec', 'spiffe']) }]),
    ...(subject === undefined ? [] : [{ text: subject, at: at(['spec', 'subject']) }]),
  ];
}

/** Letters of other scripts that look like a Latin one, in lower case. */
const LOOK_ALIKE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ а: 'a', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', п: 'n' },
    ...{ о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x', в: 'b' },
    ...{ α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u' },
    ...{ χ: 'x', γ: 'y', ω: 'w', ı: 'i', ɑ: 'a', ɡ: 'g', ո: 'n', օ: 'o', ս: 'u', ց: 'g' },
  }),
);

export function skeletonOf(text: string): string {
  return (
    text
      .normalize('NFKD')
      .replaceAll('I', 'l')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/\P{ASCII}/gu, (letter) => LOOK_ALIKE.get(letter) ?? letter)
      // Letters that stand twice, but not digits: `node11` is another node than `node1`.
      .replace(/([a-z])\1+/g, '$1')
      .replace(/[1|]/g, 'l')
      .replaceAll('0', 'o')
      .replaceAll('rn', 'm')
      .replaceAll('vv', 'w')
      // Slashes stay: they divide one name from another.
      .replace(/[-_.\s]/g, '')
  );
}

function hasMixedScripts(text: string): boolean {
  const scripts = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];
  return scripts.filter((script) => script.test(text)).length > 1;
}

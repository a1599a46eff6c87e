// A bundle without whatever in its rules asks for proof: `require` of assurance, age and binding,
// and conditions that read the assurance.

type Block = Readonly<Record<string, unknown>>;
type Doc = Block & { readonly spec: Block };

/** True of everything, and still a condition: a permit by role that has one is not coarse. */
const ALWAYS = 'true';

export function withoutDemands<D extends Doc>(documents: readonly D[]): D[] {
  return documents.map((document) => {
    const { kind, spec } = document as Doc;
    if (kind === 'Exception') return { ...document, spec: undemanding(spec) };
    if (kind !== 'Policy') return document;
    const rules = (spec['rules'] as Block[]).filter((it) => !isForbidByAssurance(it));
    return { ...document, spec: { ...spec, rules: rules.map(undemanding) } };
  });
}

const readsAssurance = ({ condition }: Block): boolean =>
  typeof condition === 'string' && condition.includes('assurance');

const isForbidByAssurance = (rule: Block) => rule['effect'] === 'forbid' && readsAssurance(rule);

function undemanding(rule: Block): Block {
  const { require: demands = {}, ...rest } = rule;
  const { assurance, maxAge, bound, ...others } = demands as Block;
  const kept = Object.keys(others).length === 0 ? {} : { require: others };
  return { ...rest, ...kept, ...(readsAssurance(rule) && { condition: ALWAYS }) };
}

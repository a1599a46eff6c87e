// Two digests: of what proves and of what permits. A change of one leaves the other as it was, and
// both are what `remit validate` prints (C-004, C-037).

import assert from 'node:assert/strict';
import { useFolder } from '../support/folder.ts';
import {
  BUNDLE,
  type BundleFiles,
  encodeCall,
  IDENTITIES,
  POLICY_WITHOUT_PERMIT,
  writeBundle,
} from '../support/mesh.ts';
import { runRemit } from '../support/process.ts';
import { readLines } from '../support/record_files.ts';
import { startServer } from '../support/server.ts';

interface Digests {
  readonly proof: unknown;
  readonly policy: unknown;
}

const CHANGES: { name: string; bundle: BundleFiles; proof: boolean; policy: boolean }[] = [
  {
    name: 'a rule less',
    bundle: { ...BUNDLE, 'policy.yaml': POLICY_WITHOUT_PERMIT },
    proof: false,
    policy: true,
  },
  {
    name: 'an identity more',
    bundle: {
      ...BUNDLE,
      'more.yaml': IDENTITIES.split('---')[0]!.replaceAll('checkout', 'cart'),
    },
    proof: true,
    policy: false,
  },
  {
    name: 'an enforcer that may assert less',
    bundle: {
      ...BUNDLE,
      'enforcer.yaml': BUNDLE['enforcer.yaml']!.replace(
        '"*"',
        '"spiffe://mesh.example/ns/pay/sa/payments"',
      ),
    },
    proof: true,
    policy: false,
  },
  {
    name: 'other names of files, other layout and comments',
    bundle: { 'all.yaml': `# all\n${Object.values(BUNDLE).reverse().join('\n---\n\n')}` },
    proof: false,
    policy: false,
  },
];

describe('the digests', () => {
  const folder = useFolder();
  let original: Digests;

  /** As the records of a server say that holds this bundle. */
  async function recorded(name: string, bundle: BundleFiles): Promise<Digests> {
    const records = `records: {evidence: "file:${name}-e", decisions: "file:${name}-d"}`;
    const server = await startServer(folder, { bundle, config: `threads: {pool: 0}\n${records}` });
    await server.client.check(encodeCall());
    await server.stop();
    const [evidence] = readLines(folder.at(`${name}-e`));
    const [decision] = readLines(folder.at(`${name}-d`));
    return { proof: evidence!['proofDigest'], policy: decision!['policyDigest'] };
  }

  before(async () => {
    original = await recorded('original', BUNDLE);
    assert.match(String(original.proof), /^sha256:[0-9a-f]{64}$/);
    assert.match(String(original.policy), /^sha256:[0-9a-f]{64}$/);
  });

  for (const [index, { name, bundle, proof, policy }] of CHANGES.entries()) {
    it(`with ${name}: proof ${proof ? 'changes' : 'stays'}, policy ${policy ? 'changes' : 'stays'}`, async () => {
      const changed = await recorded(`change-${index}`, bundle);
      assert.equal(changed.proof !== original.proof, proof);
      assert.equal(changed.policy !== original.policy, policy);
    });
  }

  it('in the records are those that `remit validate` prints (C-037)', async () => {
    writeBundle(folder.at('bundle'));
    const { code, stdout } = await runRemit(['validate', folder.at('bundle')]);
    assert.equal(code, 0);
    assert.ok(stdout.includes(`proof digest  ${original.proof}\n`), stdout);
    assert.ok(stdout.includes(`policy digest ${original.policy}\n`), stdout);
  });
});

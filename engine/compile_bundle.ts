// From a checked bundle to an image: every reference is resolved, every mistake is told, and what
// comes out is read by threads as it is.

import { type Bundle, documentId, tokenIssuerIds } from './bundle/bundle.ts';
import type { BundleImage } from './bundle_image.ts';
import type { Diagnostics } from './diagnostic.ts';
import { digestOfAll, digestOfBytes } from './digest.ts';
import { Enforcers } from './identity/enforcer.ts';
import { checkIdentities, identityNames, subjectPrefixes } from './identity/identity_entry.ts';
import { IDENTITY } from './identity/inventory.ts';
import { Issuers } from './identity/issuers.ts';
import { keySourceUrls, workloadApiNeeds } from './identity/key_source.ts';
import { PROOF_HEAD, type ProofHead } from './identity/proof_image.ts';
import { readForProof } from './identity/read_for_proof.ts';
import { directoryValues } from './image/directory.ts';
import { headSection } from './image/head.ts';
import { writeSections } from './image/sections.ts';
import { StringTableBuilder, textColumn } from './image/string_table.ts';
import { attributesReadOf } from './policy/attributes_read.ts';
import { compilePolicy } from './policy/compile_policy.ts';
import { POLICY_HEAD, type PolicyHead } from './policy/policy_image.ts';
import { patternShapes, writeRules } from './policy/rule_store.ts';
import type { AttributesRead, Settings } from './settings.ts';

/**
 * All mistakes go to `diagnostics`; with an error among them the result is undefined, so an image
 * never holds half of a bundle.
 */
export function compileBundle(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  settings: Settings,
  version: number,
  diagnostics: Diagnostics,
): BundleImage | undefined {
  const roleIds = new Set(bundle.roles.map(({ document }) => documentId(document)));
  const known = { roleIds, tokenIssuers: tokenIssuerIds(bundle.issuers) };
  const identities = checkIdentities(bundle.identities, known, diagnostics);
  const issuers = new Issuers(bundle.issuers, keyFiles, diagnostics);
  const enforcers = new Enforcers(bundle.enforcers, issuers.vouching, diagnostics);
  const { trustDomain } = settings;
  // Not those of issuers: who may vouch decides nothing about what a permit means.
  const homeTrustDomains =
    trustDomain === undefined ? [...identities.trustDomains].sort() : [trustDomain];
  const policy = compilePolicy(bundle, { roleIds, homeTrustDomains, settings }, diagnostics);
  if (diagnostics.hasErrors) return undefined;

  const { services, records, keys, roles, names } = policy;
  const tokens = new StringTableBuilder();
  const sections = new Map<string, Uint8Array | Uint32Array>();
  const attributesRead = attributesReadOf(services, records, {
    ...readForProof(issuers, (assertion) => enforcers.someAsserts(assertion)),
    extensions: enforcers.someAssertsExtensions,
  });
  const proofHead: ProofHead = {
    enforcers: bundle.enforcers.map(({ document }) => document),
    issuers: bundle.issuers.map(placed),
    keyFiles: [...keyFiles],
    identityShapes: [...new Map(identities.patterns.map((it) => [it.mask, it.text])).values()],
    subjectPrefixes: subjectPrefixes(bundle.identities.map(({ document }) => document)),
    identityTrustDomains: [...identities.trustDomains],
  };
  const policyHead: PolicyHead = {
    ruleShapes: patternShapes(records),
    roles,
    hasHosts: services.some(({ hosts }) => hosts.length > 0),
    attributesRead: listed(attributesRead),
  };
  sections.set(PROOF_HEAD, headSection(proofHead)).set(POLICY_HEAD, headSection(policyHead));
  writeRules(records, keys, tokens, sections);
  const places = new Map<number, number>();
  for (const [name, place] of names) places.set(tokens.add(name), place);
  for (const [place, { document }] of bundle.identities.entries()) {
    for (const name of identityNames(document)) {
      places.set(tokens.add(IDENTITY + name), place);
    }
  }
  sections.set('directory', directoryValues(tokens.size, places));
  addTexts(sections, 'service', bundle.services);
  addTexts(sections, 'identity', bundle.identities);
  const { slots, offsets, bytes: text } = tokens.parts();
  sections.set('token.slots', slots).set('token.offsets', offsets).set('token.bytes', text);
  const bytes = writeSections(sections);
  return {
    version,
    settings,
    bytes,
    // A copy: hashing takes no shared memory.
    digest: digestOfBytes(new Uint8Array(bytes).slice()),
    proofDigest: proofDigest(bundle, issuers, settings),
    keyUrls: keySourceUrls(bundle),
    workloadApi: workloadApiNeeds(bundle),
    policyDigest: policyDigest(bundle, homeTrustDomains, settings),
    counts: {
      documents: documentCount(bundle),
      services: services.length,
      rules: records.length,
      enforcers: enforcers.size,
      identifiedEnforcers: enforcers.identifiedSize,
    },
  };
}

/** With its place, which may be found only when it is asked for. */
function placed({ document, at }: Bundle['issuers'][number]): ProofHead['issuers'][number] {
  const path = document.spec.x509 === undefined ? [] : ['x509', 'bundle'];
  const { file, line, column } = at(['spec', ...path]);
  return [document, { file, line, column }];
}

/** As an image holds it, which knows no sets. */
function listed(read: AttributesRead): PolicyHead['attributesRead'] {
  const { headers, proofHeaders } = read;
  return { ...read, headers: [...headers].sort(), proofHeaders: [...proofHeaders].sort() };
}

function addTexts(
  sections: Map<string, Uint8Array | Uint32Array>,
  name: string,
  located: readonly { readonly document: unknown }[],
): void {
  const column = textColumn(located.map(({ document }) => JSON.stringify(document)));
  sections.set(`${name}.offsets`, column.offsets).set(`${name}.bytes`, column.bytes);
}

/** Without tests: nothing depends on them. */
export function documentCount(bundle: Bundle): number {
  const { tests: _, keyFiles: __, ...lists } = bundle;
  return Object.values(lists).reduce((sum, list) => sum + list.length, 0);
}

function proofDigest(bundle: Bundle, issuers: Issuers, { trustDomain }: Settings): string {
  const documents = [...bundle.identities, ...bundle.enforcers].map(({ document }) => document);
  return digestOfAll(documents, { trustDomain, issuers: issuers.digest });
}

function policyDigest(
  { services, policies, roles, exceptions, taskProfiles }: Bundle,
  homeTrustDomains: readonly string[],
  settings: Settings,
): string {
  const { pathNormalization, ambiguousPaths, overdueReviews, classFloor, lifetimes } = settings;
  const documents = [...services, ...policies, ...roles, ...exceptions, ...taskProfiles];
  return digestOfAll(
    documents.map(({ document }) => document),
    { homeTrustDomains, pathNormalization, ambiguousPaths, overdueReviews, classFloor, lifetimes },
  );
}

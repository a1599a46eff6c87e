// The kinds of the policy language (DESIGN section 6): the one list of them. Each is defined in the
// file of its concept; from here come the loader, the JSON Schema and the reference.

import { enforcerSchema, identitySchema } from './identity_kind.ts';
import { issuerSchema } from './issuer_kind.ts';
import { exceptionSchema, policySchema, roleSchema } from './rule_kind.ts';
import { serviceSchema } from './service_kind.ts';
import { taskProfileSchema } from './task_kind.ts';
import { testSchema } from './test_kind.ts';

/** Kinds of the design without a meaning in this version. */
export const LATER_KINDS: readonly string[] = ['AuthorizationPolicy', 'RequestAuthentication'];

export const KIND_SCHEMAS = {
  Service: serviceSchema,
  Policy: policySchema,
  Role: roleSchema,
  Exception: exceptionSchema,
  Identity: identitySchema,
  Issuer: issuerSchema,
  Enforcer: enforcerSchema,
  TaskProfile: taskProfileSchema,
  Test: testSchema,
} as const;
export type KindName = keyof typeof KIND_SCHEMAS;

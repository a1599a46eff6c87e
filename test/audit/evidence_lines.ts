// Record lines as engine/record.ts writes them, of whoever the test says.

export interface Shown {
  readonly method?: string;
  readonly subject: string;
  readonly issuer?: string;
  readonly enforcer?: string;
  readonly credential?: string;
  readonly keyThumbprint?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly others?: readonly object[];
  readonly result?: string;
  readonly traceId?: string;
  readonly reason?: string;
}

const ID = '01936f2a-7c00-7000-8000-000000000001';

export function evidenceLine(time: string, shown: Shown): string {
  const { result = 'verified', method = 'x509_svid', others, traceId = null } = shown;
  const record = {
    kind: 'authn.evidence',
    ...{ id: ID, time: new Date(time).toISOString(), traceId, result, method, assurance: 'svid' },
    subject: shown.subject,
    issuer: shown.issuer ?? 'mesh.example',
    enforcer: shown.enforcer ?? 'gateway',
    ...{
      reason: shown.reason ?? null,
      proofDigest: 'sha256:00',
      credential: shown.credential ?? null,
    },
    ...{ keyThumbprint: shown.keyThumbprint ?? null, serial: null },
    ...{ notBefore: shown.notBefore ?? null, notAfter: shown.notAfter ?? null },
    ...(others === undefined ? {} : { others }),
    ageS: Math.floor(Math.random() * 1000),
  };
  return `${JSON.stringify(record)}\n`;
}

export interface Used {
  readonly principal: string;
  readonly operation: string;
  readonly verb?: string;
  readonly dataClass?: string;
  readonly outcome?: string;
}

export function decisionLine(time: string, used: Used): string {
  const { principal, operation, verb = 'read', dataClass = 'internal', outcome = 'allow' } = used;
  const record = {
    kind: 'authz.decision',
    ...{ id: ID, time: new Date(time).toISOString(), traceId: null, result: 'evaluated', outcome },
    ...{ reasons: [], rules: ['a/b/c'], ruleCount: 1, shadow: [], errors: [], obligations: null },
    ...{ enforcer: 'gateway', principal, actors: [], service: operation.replace(/\/[^/]*$/, '') },
    ...{ operation, verb, dataClass, environment: null, assurance: 'svid' },
    ...{ policyDigest: 'sha256:00', snapshotVersion: 1, resource: `x/${Math.random()}` },
    request: { method: 'GET', path: '/' },
  };
  return `${JSON.stringify(record)}\n`;
}

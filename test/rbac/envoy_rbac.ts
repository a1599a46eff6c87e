// Envoy's RBAC configuration in protojson form, as far as the shared cases use it, and the requests
// that they put to it.

export interface RbacConfig {
  readonly action: 'ALLOW' | 'DENY';
  readonly policies?: Readonly<Record<string, RbacPolicy>>;
}

export interface RbacPolicy {
  readonly permissions: readonly Matcher[];
  readonly principals: readonly Matcher[];
}

/** Permissions and principals in one: exactly one of the keys is there. */
export interface Matcher {
  readonly any?: true;
  readonly andRules?: { readonly rules: readonly Matcher[] };
  readonly orRules?: { readonly rules: readonly Matcher[] };
  readonly notRule?: Matcher;
  readonly urlPath?: { readonly path: StringMatcher };
  readonly header?: HeaderMatcher;
  readonly metadata?: { readonly invert?: boolean };
  readonly requestedServerName?: StringMatcher;
  readonly destinationIp?: CidrRange;
  readonly destinationPort?: number;
  readonly authenticated?: { readonly principalName?: StringMatcher };
  readonly directRemoteIp?: CidrRange;
  readonly remoteIp?: CidrRange;
  readonly sourceIp?: CidrRange;
}

export interface StringMatcher {
  readonly exact?: string;
  readonly prefix?: string;
}

export interface HeaderMatcher {
  readonly name: string;
  readonly exactMatch?: string;
  readonly safeRegexMatch?: { readonly regex: string };
}

export interface CidrRange {
  readonly addressPrefix: string;
  readonly prefixLen?: number;
}

export interface RbacRequest {
  /** The full name of the gRPC method. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly peer: { readonly ip: string; readonly port?: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly tls: boolean;
  readonly certificate: {
    readonly uriSans?: readonly string[];
    readonly dnsSans?: readonly string[];
    readonly subject?: string;
  } | null;
}

export interface RbacGroup {
  readonly id: string;
  readonly rbac: readonly RbacConfig[];
  readonly cases: readonly {
    readonly id: string;
    readonly request: RbacRequest;
    readonly want: 'allow' | 'deny';
  }[];
}

export interface RbacData {
  readonly groups: readonly RbacGroup[];
}

/**
 * The cases name methods that no gRPC request can have (`some method`, or none at all). They get
 * the slash that a path begins with, in configuration and request alike.
 */
export function pathOf(path: string): string {
  return encodeURI(path.startsWith('/') ? path : `/${path}`);
}

// From a decoded CheckRequest to the engine's Inquiry: the canonical path, the credentials as they
// were presented, and what makes the request unusable.

import type { Inquiry } from '../engine/check.ts';
import { Failure } from '../engine/failure.ts';
import type { Settings } from '../engine/settings.ts';
import type { CheckRequestView } from './check_request.ts';
import { canonicalPath, pathAmbiguity } from './path.ts';
import { ViewAttributes } from './view_attributes.ts';

export function inquiryOf(view: CheckRequestView, settings: Settings): Inquiry {
  const path = view.hasHttp ? canonicalPath(view.path, settings.pathNormalization) : '';
  return {
    credentials: {
      peerPrincipal: view.sourcePrincipal,
      hasCertificate: view.hasCertificate,
      peerCertificate: view.sourceCertificate,
      authorization: view.headers.authorization,
      headers: view.headers.proof,
      jwtPayloads: view.jwtPayloads,
      method: view.method,
      path: view.path,
    },
    destination: {
      principal: view.destinationPrincipal,
      host: view.host,
      extension: view.serviceExtension,
    },
    action: view.hasHttp
      ? { kind: 'request', method: view.method, path: path ?? '' }
      : { kind: 'connection', sni: view.sni, port: view.port },
    request: new ViewAttributes(view, path ?? ''),
    extensions: view.extensions,
    fault: faultOf(view, path, settings),
  };
}

function faultOf(
  view: CheckRequestView,
  path: string | undefined,
  settings: Settings,
): Failure | undefined {
  const { duplicate } = view.headers;
  if (duplicate !== '') return new Failure('ctx.duplicate_header', duplicate);
  return pathFault(view.path, path, settings);
}

/** @param path canonical; undefined when Envoy would refuse the raw one */
export function pathFault(
  rawPath: string,
  path: string | undefined,
  settings: Settings,
): Failure | undefined {
  if (path === undefined) return new Failure('ctx.ambiguous_path', 'refused at any level');
  if (settings.ambiguousPaths === 'match') return undefined;
  // Canonicalising resolves `/..;x/` as Envoy does, which takes the semicolon out of sight; Envoy
  // does it once, before it decodes, so what still holds one here is not what we would make of it.
  const ambiguity = hasSemicolon(rawPath) ? 'semicolon' : pathAmbiguity(path);
  return ambiguity === undefined ? undefined : new Failure('ctx.ambiguous_path', ambiguity);
}

/** In the path, not in its query. */
function hasSemicolon(rawPath: string): boolean {
  const at = rawPath.indexOf(';');
  return at !== -1 && !/[?#]/.test(rawPath.slice(0, at));
}

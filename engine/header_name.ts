// Names of headers as rules and operations write them: in lower case, as they are read.

/** Such a name silently names nothing: a forbid about it would never match. */
export function isHeaderInUpperCase(path: string): boolean {
  return path.startsWith('request.headers.') && path !== path.toLowerCase();
}

// How a client wants to be told no (DESIGN 5.6): a gRPC client reads the status alone, which Envoy
// makes of the HTTP status; everybody else gets problem details (RFC 9457).

export type ClientKind = 'http' | 'grpc';

export function clientKind(contentType: string): ClientKind {
  return /^application\/grpc(?:$|[+; ])/i.test(contentType) ? 'grpc' : 'http';
}

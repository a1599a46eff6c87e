// The bundle under fuzz and the requests it starts from: allowed ones of every kind, and some that
// are denied for each reason a message can have.

export const TRUST_DOMAIN = 'td.example';
const ORDERS = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/orders`;
const CART = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/cart`;
const BOT = `spiffe://${TRUST_DOMAIN}/ns/ai/sa/bot`;

export const BUNDLE = `kind: Service
metadata: {name: orders, namespace: shop}
spec:
  destinations: ["${ORDERS}"]
  hosts: [orders.example]
  environment: prod
  operations:
    list: {http: "GET /orders"}
    read: {http: "GET /orders/{id}", resource: "order/{path.id}", taskFree: true}
    write: {http: "POST /orders/{id}", resource: "order/{path.id}", dataClass: confidential}
    files: {http: "GET /t/{tenant}/files/{rest=**}", resource: "file/{path.rest}", tenant: "{path.tenant}"}
    purge: {http: "DELETE /orders", verb: admin, resource: admin/orders}
    secret: {http: "GET /secret", dataClass: restricted}
    status: {grpc: "/shop.v1.Orders/Status"}
    store: {l4: {sni: "*.orders.example", port: 5432}}
    queue: {l4: {port: 5672}}
---
kind: Service
metadata: {name: open, namespace: shop}
spec:
  hosts: [open.example]
  authorization: passThrough
  operations: {page: {http: "GET /{rest=**}", dataClass: public, resource: "page/{path.rest}"}}
---
kind: Identity
metadata: {name: cart}
spec: {spiffe: "${CART}", tenant: acme, environment: prod}
---
kind: Identity
metadata: {name: bot}
spec: {spiffe: "${BOT}", kind: agent}
---
kind: Identity
metadata: {name: batch}
spec: {spiffe: "spiffe://${TRUST_DOMAIN}/ns/batch/sa/*", environment: prod}
---
kind: Enforcer
metadata: {name: here}
spec: {type: gateway, local: true, asserts: {peer: [principal, anonymous], destinations: ["*"]}}
---
kind: Policy
metadata: {name: main, namespace: shop}
spec:
  rules:
  - {id: cart, effect: permit, from: {serviceAccounts: [shop/cart]}, to: {services: [orders]}}
  - {id: bot, effect: permit, from: {kinds: [agent]}, to: {verbs: [read, write]}}
  - {id: batch, effect: permit, from: {namespaces: ["batch*"]}, to: {operations: [list]}}
  - {id: anybody, effect: permit, from: {anonymous: true}, to: {services: [open]}}
  - {id: known, effect: permit, from: {trustDomains: [${TRUST_DOMAIN}]}, to: {services: [open]}}
  - {id: frozen, effect: forbid, from: {}, to: {verbs: [write], resources: [order/13, "order/x/**"]}}
  - {id: trial, effect: forbid, from: {}, to: {services: [orders]}, mode: {shadow: true, until: "2099-01-01T00:00:00Z"}}
`;

interface SeedParts {
  readonly source?: string;
  readonly destination?: string;
  readonly extension?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lines?: readonly Record<string, unknown>[];
  /** A connection instead of a request, with this server name and port. */
  readonly connection?: readonly [sni: string, port: number];
}

/** With everything that Envoy sends, also what nobody reads. */
function seed(parts: SeedParts): Record<string, unknown> {
  const { source = CART, destination = ORDERS, method = 'GET', path = '/orders/42' } = parts;
  const { host = 'orders.example', headers = {}, lines = [], extension, connection } = parts;
  const [sni, port] = connection ?? ['orders.example', 48230];
  const http = {
    id: '123',
    method,
    path,
    host,
    scheme: 'https',
    protocol: 'HTTP/2',
    size: -1,
    headers: lines.length > 0 ? {} : { accept: '*/*', 'x-request-id': 'r-1', ...headers },
    header_map: { headers: lines },
    raw_body: Buffer.from([0, 255, 1]),
  };
  const address = { socket_address: { address: '10.1.4.17', port_value: port } };
  const text = { string_value: 'caf\u00e9' };
  const nested = {
    struct_value: { fields: { deep: text, list: { list_value: { values: [text] } } } },
  };
  return {
    attributes: {
      source: {
        address,
        principal: source,
        labels: { app: 'cart' },
        service: 's',
        certificate: '',
      },
      destination: { address, principal: destination },
      request: {
        time: { seconds: 1763800000, nanos: 5 },
        ...(connection === undefined && { http }),
      },
      context_extensions: { a: 'b', ...(extension && { 'remit.service': extension }) },
      metadata_context: { filter_metadata: { 'envoy.filters.http.x': { fields: { n: nested } } } },
      tls_session: { sni },
    },
  };
}

const RAW = [
  { key: ':authority', raw_value: Buffer.from('orders.example') },
  { key: 'X-Bytes', raw_value: Buffer.from([0xff, 0xfe]) },
];

// No secrets of test/support/secret.ts: mutations write them into paths and request ids, which are
// recorded.
const ALLOWED: readonly SeedParts[] = [
  {},
  { path: '/orders?q=1' },
  { method: 'HEAD' },
  { method: 'POST' },
  { path: '/t/acme/files/a/b%20c' },
  { path: '/orders/%34%32', headers: { ':authority': 'x', host: 'x' } },
  {
    method: 'POST',
    path: '/shop.v1.Orders/Status',
    headers: { 'content-type': 'application/grpc' },
  },
  { source: BOT },
  { source: `spiffe://${TRUST_DOMAIN}/ns/batch/sa/night`, path: '/orders', destination: '' },
  { destination: '', host: 'ORDERS.example:8443' },
  { destination: '', host: 'none', extension: 'shop/orders' },
  { extension: 'shop/orders' },
  { lines: RAW },
  { source: '', destination: '', host: 'open.example', path: '/index' },
  { destination: '', host: 'open.example', path: '/x', headers: { authorization: 'Bearer x' } },
  { connection: ['db.Orders.example', 5432] },
  { connection: ['', 5672] },
];

const DENIED: readonly SeedParts[] = [
  { source: BOT, path: '/orders' },
  { source: `spiffe://${TRUST_DOMAIN}/ns/shop/sa/nobody` },
  { source: 'spiffe://evil.example/ns/shop/sa/cart' },
  { source: 'CN=cart' },
  { source: '' },
  { source: `spiffe://${TRUST_DOMAIN}/ns/batch/sa/x`, path: '/t/acme/files/x' },
  { method: 'POST', path: '/orders/13' },
  { method: 'DELETE', path: '/orders' },
  { path: '/secret' },
  { path: '/nowhere' },
  { path: '/orders/%2e%2e/x;y' },
  { path: '/t/blue/files/x' },
  { destination: 'spiffe://other.example/x', host: 'none' },
  { destination: ORDERS, host: 'open.example' },
  { headers: { authorization: 'Bearer x' } },
  { headers: { host: 'a', ':authority': 'b' } },
  { connection: ['db.orders.example', 5433] },
  { connection: ['db.orders.example.', 5672] },
  { connection: ['', 5672], source: BOT },
];

export const ALLOWED_SEEDS: readonly Record<string, unknown>[] = ALLOWED.map(seed);
export const DENIED_SEEDS: readonly Record<string, unknown>[] = DENIED.map(seed);

// The few functions of the Reflect metadata proposal that tsyringe, a dependency of
// @peculiar/x509, asks for when it loads. It must be imported before @peculiar/x509.
// It steps aside where a full polyfill (reflect-metadata) was loaded first.

type Metadata = Map<unknown, unknown>;
const store = new WeakMap<object, Metadata>();

function ownMetadata(key: unknown, target: object): unknown {
  return store.get(target)?.get(key);
}

function inheritedMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    if (store.get(at)?.has(key)) return ownMetadata(key, at);
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const metadata: Metadata = store.get(target) ?? new Map();
  store.set(target, metadata.set(key, value));
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, {
    defineMetadata,
    getMetadata: inheritedMetadata,
    getOwnMetadata: ownMetadata,
    hasMetadata: (key: unknown, target: object) => inheritedMetadata(key, target) !== undefined,
    hasOwnMetadata: (key: unknown, target: object) => ownMetadata(key, target) !== undefined,
  });
}

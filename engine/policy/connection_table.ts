// The connections of one service, which nobody looks into (C-088): by the server name that the TLS
// client asked for, then by port. An exact name goes before a wildcard, a longer wildcard before a
// shorter one, any of them before an operation without a name; a port goes before none.

/** RFC 6066 section 3: a host name in ASCII, without a dot at the end; labels as DNS has them. */
const HOST_NAME = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/;
const HOST_NAME_LENGTH_MAX = 253;
const WILDCARD = '*.';

/** Which server names an operation is for: one, or all that end in `.name`. */
export interface SniPattern {
  /** In lower case, without its `*.`. */
  readonly name: string;
  readonly wildcard: boolean;
}

/** `name` or `*.name`; undefined when it is neither. */
export function parseSniPattern(text: string): SniPattern | undefined {
  const wildcard = text.startsWith(WILDCARD);
  const name = hostName(wildcard ? text.slice(WILDCARD.length) : text);
  return name === undefined ? undefined : { name, wildcard };
}

/** Lower-cased, or undefined when it is no host name. All of it is ASCII, so case is plain. */
function hostName(text: string): string | undefined {
  if (text.length > HOST_NAME_LENGTH_MAX || !HOST_NAME.test(text)) return undefined;
  return text.toLowerCase();
}

export class ConnectionTable<T> {
  readonly #exact = new Map<string, Ports<T>>();
  readonly #wildcards = new Map<string, Ports<T>>();
  readonly #unnamed = new Ports<T>();
  #readsPort = false;

  /** Some operation is for one port. */
  get readsPort(): boolean {
    return this.#readsPort;
  }

  /** Some operation is for a server name. */
  get readsSni(): boolean {
    return this.#exact.size + this.#wildcards.size > 0;
  }

  /** False when another operation has the same name and port. */
  add(sni: SniPattern | undefined, port: number | undefined, target: T): boolean {
    if (port !== undefined) this.#readsPort = true;
    return this.#portsOf(sni).add(port, target);
  }

  /** An empty `sni` and port 0 stand for none. */
  find(sni: string, port: number): T | undefined {
    if (sni === '' || !this.readsSni) return this.#unnamed.find(port);
    const name = hostName(sni);
    // INVARIANT: what others might read as a name that we do not see in it (`db.example.`) is not
    // decided by the operation that stands for all other names.
    if (name === undefined) return undefined;
    const exact = this.#exact.get(name)?.find(port);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const found = this.#wildcards.get(name.slice(dot + 1))?.find(port);
      if (found !== undefined) return found;
    }
    return this.#unnamed.find(port);
  }

  #portsOf(sni: SniPattern | undefined): Ports<T> {
    if (sni === undefined) return this.#unnamed;
    const named = sni.wildcard ? this.#wildcards : this.#exact;
    let ports = named.get(sni.name);
    if (ports === undefined) {
      ports = new Ports();
      named.set(sni.name, ports);
    }
    return ports;
  }
}

/** What one server name leads to. */
class Ports<T> {
  readonly #byPort = new Map<number, T>();
  #any: T | undefined;

  add(port: number | undefined, target: T): boolean {
    if (port === undefined) {
      if (this.#any !== undefined) return false;
      this.#any = target;
      return true;
    }
    if (this.#byPort.has(port)) return false;
    this.#byPort.set(port, target);
    return true;
  }

  find(port: number): T | undefined {
    return this.#byPort.get(port) ?? this.#any;
  }
}

/** Types as lines of text, one per field, enum value and method, so that two sets compare. */
import protobuf from 'protobufjs';

type Described = protobuf.Type | protobuf.Enum;

/** Every message and enum that the service's methods can reach, by full name. */
export function reachable(service: protobuf.Service): Map<string, Described> {
  const found = new Map<string, Described>();
  const visit = (described: Described): void => {
    if (found.has(described.fullName)) return;
    found.set(described.fullName, described);
    if (described instanceof protobuf.Enum) return;
    for (const field of described.fieldsArray) if (field.resolvedType) visit(field.resolvedType);
  };
  for (const method of service.methodsArray) {
    visit(method.resolvedRequestType!);
    visit(method.resolvedResponseType!);
  }
  return found;
}

/** Every message and enum below a namespace, reachable or not. */
export function declared(namespace: protobuf.NamespaceBase): Map<string, Described> {
  const found = new Map<string, Described>();
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum) {
      found.set(nested.fullName, nested);
    }
    if (nested instanceof protobuf.Namespace) {
      for (const [name, inner] of declared(nested)) found.set(name, inner);
    }
  }
  return found;
}

/** All that matters on the wire, and the names. */
export function factsOf(described: Iterable<Described>): string[] {
  return [...described].flatMap((one) => {
    if (one instanceof protobuf.Enum) {
      return Object.entries(one.values).map(([name, id]) => `${one.fullName} ${name} = ${id}`);
    }
    // A type is a fact by itself, or one without fields would go unseen.
    return [one.fullName, ...one.fieldsArray.map(factOfField)];
  });
}

/** The methods of a service, with their types and directions. */
export function factsOfService(service: protobuf.Service): string[] {
  return service.methodsArray.map((method) => {
    const request = streamed(method.requestStream, method.resolvedRequestType);
    const response = streamed(method.responseStream, method.resolvedResponseType);
    return `${service.fullName}.${method.name}(${request}) returns (${response})`;
  });
}

function streamed(isStream: boolean | undefined, type: protobuf.Type | null): string {
  return `${isStream === true ? 'stream ' : ''}${type?.fullName}`;
}

function factOfField(field: protobuf.Field): string {
  const type = field.resolvedType?.fullName ?? field.type;
  // The declarations of protobufjs keep MapField apart from Field; at run time it is one.
  const map: unknown = field;
  const words = [
    field.getOption('proto3_optional') === true ? 'optional' : '',
    field.repeated ? 'repeated' : '',
    field.repeated && field.packed ? 'packed' : '',
    map instanceof protobuf.MapField ? `map<${map.keyType}>` : '',
    `${type} ${field.name} = ${field.id}`,
    field.partOf ? `in oneof ${field.partOf.name}` : '',
  ];
  return `${field.parent?.fullName} ${words.filter((word) => word !== '').join(' ')}`;
}

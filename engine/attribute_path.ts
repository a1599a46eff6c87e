// Paths of attributes that rules read, such as `request.body.amount`: names with a dot between. A
// name may itself hold a dot, as keys of bodies do, so within names `.` is `~1` and `~` is `~0`
// (the escapes of RFC 6901).

export function attributePath(parent: string, name: string): string {
  return `${parent}.${/[.~]/.test(name) ? name.replaceAll('~', '~0').replaceAll('.', '~1') : name}`;
}

/** The names of a path, the root first. */
export function attributeNames(path: string): string[] {
  const names = path.split('.');
  if (!path.includes('~')) return names;
  return names.map((name) => name.replaceAll('~1', '.').replaceAll('~0', '~'));
}

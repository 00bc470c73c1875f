/** The first name that comes a second time: a reader that keeps things by name would lose one of them. */
export function repeatedName(names: Iterable<string>): string | undefined {
  const known = new Set<string>();
  for (const name of names) {
    if (known.has(name)) return name;
    known.add(name);
  }
  return undefined;
}

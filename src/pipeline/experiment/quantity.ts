const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90 s`, `5 min`, `1 h 30 min` in milliseconds; undefined where it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)? ?(ms|s|min|h|d) ?)+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?) ?(ms|s|min|h|d)/g)) {
    total += Number(number) * (milliseconds[unit ?? ''] ?? 0);
  }
  return total;
}

/** `8 GiB` in bytes; undefined where it is no amount of memory. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Math.round(Number(number) * 1024 ** (['KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit) + 1));
}

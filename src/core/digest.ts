import { createHash } from 'node:crypto';

/** A SHA-256 digest as 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly digest: unique symbol };

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function digestOf(content: string | NodeJS.ArrayBufferView): Digest {
  return createHash('sha256').update(content).digest('hex') as Digest;
}

/** JSON with object keys sorted, so that equal values have equal texts whatever order they were built in. */
export function canonicalJson(value: Json | object): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // An interface has no index signature, so the compiler does not see that it is JSON.
  const fields = value as Readonly<Record<string, Json | undefined>>;
  const entries = Object.keys(fields)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(fields[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

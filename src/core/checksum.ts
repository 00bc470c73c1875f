import { crc32 } from 'node:zlib';

/** Content of a JSON file with the CRC-32 of everything else in it, as it is written. */
export function withChecksum<Content extends object>(content: Content): Content & { readonly checksum: number } {
  return { ...content, checksum: crc32(JSON.stringify(content)) };
}

/** Whether the content of a JSON file is what {@link withChecksum} gave; undefined where it has no checksum. */
export function hasItsChecksum({ checksum, ...content }: { readonly checksum?: unknown }): boolean | undefined {
  return checksum === undefined ? undefined : checksum === withChecksum(content).checksum;
}

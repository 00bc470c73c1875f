import { closeSync, readSync } from 'node:fs';
import { openForReading } from '../../src/kit/codec/read-file.ts';
import { readShard, type ShardImage } from '../../src/kit/dataset/tar-shard.ts';
import { insideOf } from './listed-photographs.ts';
import { countedPhotographs, type Photograph, type Photographs } from './photograph.ts';

/** The images of WebDataset shards or of any tape archives, in their order; identities are the classes or the folders within. */
export function shardPhotographs(shards: readonly string[]): Photographs {
  return countedPhotographs(function* () {
    for (const shard of shards) for (const image of readShard(shard)) yield photographOf(shard, image);
  });
}

function photographOf(file: string, { name, offset, size, label, folder }: ShardImage): Photograph {
  return {
    name,
    identity: label === undefined ? folder : String(label),
    ...(label === undefined ? {} : { label }),
    target: insideOf(name),
    load() {
      const { descriptor } = openForReading(file, 'tar archive');
      try {
        const bytes = Buffer.alloc(size);
        const got = readSync(descriptor, bytes, 0, size, offset);
        return { bytes: bytes.subarray(0, got), origin: { file, offset, what: name } };
      } finally {
        closeSync(descriptor);
      }
    },
    known: () => ({}),
  };
}

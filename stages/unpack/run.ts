import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { imageFormat } from '../../src/kit/image/image-header.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import { packingList, type FaceEntry } from '../../src/kit/codec/insightface/packing-list.ts';
import { faceLabelOf } from '../../src/kit/codec/mxnet/image-record.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

const extensions = {
  jpeg: 'jpg',
  png: 'png',
  gif: 'gif',
  bmp: 'bmp',
  webp: 'webp',
  tiff: 'tif',
  pnm: 'ppm',
  heif: 'heic',
};

/** Writes every image of a packed set into a folder of its class, and the list that packs them again. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const set = await openPackedSet(inputs.dataset, params.unreadable, context);
  const labels = new Set<number>();
  const numbers = new Map<string, number>();
  const entries: FaceEntry[] = [];
  try {
    makeOwnFolder(outputs.images);
    const progress = new WorkProgress(context, 'images', set.imageCount);
    for (let position = 0; position < set.imageCount; position += 1) {
      const record = set.readImage(position);
      const { label, aligned } = faceLabelOf(record, set.recordPath, 'class-and-aligned');
      const name = set.names?.get(label) ?? String(label).padStart(params.digits, '0');
      const number = (numbers.get(name) ?? 0) + 1;
      numbers.set(name, number);
      labels.add(label);
      const path = `${name}/${name}_${String(number).padStart(4, '0')}.${extensionOf(record.payload)}`;
      if (number === 1) makeOwnFolder(join(outputs.images, name));
      writeFileSync(join(outputs.images, path), record.payload);
      entries.push({ aligned, path, label, line: position + 1 });
      await progress.step();
    }
    writeFileAtomic(outputs.list, packingList.encode({ form: 'face2rec2', entries }));
    progress.end();
    context.emit({ type: 'metric', name: 'identities', value: labels.size });
    context.emit({ type: 'metric', name: 'images', value: set.imageCount });
  } finally {
    set.close();
  }
};

function extensionOf(image: Uint8Array): string {
  const format = imageFormat(image);
  return format === undefined ? 'bin' : extensions[format];
}

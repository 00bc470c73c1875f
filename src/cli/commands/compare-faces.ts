import { resolve } from 'node:path';
import { Option } from 'commander';
import { similarity } from '../../embedding/embedder.ts';
import type { FaceChoice } from '../../embedding/read-faces.ts';
import { defaultRecord } from '../../embedding/default-record.ts';
import { readThreshold, requireOwnRecord, type Threshold } from '../../embedding/threshold.ts';
import { declareEmbedding, EmbeddingTools } from '../embedding-tools.ts';
import { answer, exitCode, rateOption, type Call, type FlowCommand, type ProcessContext } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command.argument('<a>', 'a photograph of one face').argument('<b>', 'another one');
    declareEmbedding(command);
    command
      .addOption(
        new Option('--face <which>', 'exactly one face, or a failure; the most central one of several')
          .choices(['one', 'central'])
          .default('one'),
      )
      .option('--record <file>', 'verification.json of the stage verify, of this model, for the threshold')
      .option('--set <name>', 'the set of the record that the threshold is of (default: its first)')
      .option('--far <rate>', 'the false acceptance rate of the threshold', rateOption, 0.001)
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const [a, b] = call.arguments.map(String);
    const tools = await EmbeddingTools.open(call, context);
    try {
      const choice = call.options['face'] as FaceChoice;
      const vectors = [];
      for (const path of [a ?? '', b ?? '']) {
        const [face] = await tools.read(path, choice);
        vectors.push(...(await tools.embedder.embed(face === undefined ? [] : [face.crop])));
      }
      const [one = new Float32Array(), other = new Float32Array()] = vectors;
      const comparison = { similarity: similarity(one, other), distance: squaredDistance(one, other) };
      const threshold = thresholdOf(call, tools, context);
      const same = threshold === undefined ? undefined : comparison.similarity >= threshold.similarity;
      const verdict = { ...comparison, same: same ?? null, threshold: threshold ?? null };
      const licences = tools.licenceLines();
      answer(call, context, {
        json: { a, b, ...verdict, contract: tools.contract, licences: tools.licences },
        text: [textOf(comparison), verdictOf(same, threshold), `contract ${tools.contract}`, ...licences].join('\n'),
      });
      return exitCode.done;
    } finally {
      await tools.dispose();
    }
  },
};

/** Of vectors of length 1: 0 to 4, 2 - 2 x similarity. */
function squaredDistance(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, column) => sum + (value - (other[column] ?? 0)) ** 2, 0);
}

/** Undefined where none is given and none comes with the model. */
function thresholdOf({ options }: Call, { embedder }: EmbeddingTools, context: ProcessContext): Threshold | undefined {
  const { record, set, far } = options as { readonly record?: string; readonly set?: string; readonly far: number };
  if (record === undefined) {
    const own = defaultRecord(embedder.model, embedder.mirrored);
    return own === undefined ? undefined : readThreshold({ record: own, far, set, vectors: embedder });
  }
  const file = resolve(context.workingFolder, record);
  const threshold = readThreshold({ record: file, far, set, vectors: embedder });
  context.stderr.write(`warning: ${requireOwnRecord(file, embedder)}\n`);
  return threshold;
}

function textOf({ similarity: value, distance }: { readonly similarity: number; readonly distance: number }): string {
  return `similarity ${value.toFixed(4)}, squared distance ${distance.toFixed(4)}`;
}

function verdictOf(same: boolean | undefined, threshold: Threshold | undefined): string {
  if (threshold === undefined)
    return 'no verdict: no threshold is known for this model, embedded in this way (--record verification.json)';
  const { evaluatedOn: on, far } = threshold;
  const [value, low, high] = [far.value, far.interval.low, far.interval.high].map(
    (rate) => `${(100 * rate).toFixed(2)} %`,
  );
  return [
    same === true ? 'the same person' : 'different people',
    `threshold ${threshold.similarity.toFixed(4)} (squared distance ${threshold.distance.toFixed(4)}), that of ${on.model} on ${on.set}:`,
    `  of ${on.pairs} pairs there it accepts ${value ?? ''} [${low ?? ''}, ${high ?? ''}] of those of different people and ${(100 * threshold.tar.value).toFixed(2)} % of those of one`,
  ].join('\n');
}

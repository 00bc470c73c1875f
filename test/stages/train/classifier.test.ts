import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mxnetParams } from '../../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../../src/kit/codec/read-file.ts';
import { readClassifier } from '../../../src/kit/net/exchange/classifier.ts';
import { modelFormats } from '../../../src/kit/net/exchange/index.ts';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import type { Params } from '../../../stages/train/contract.ts';
import { failuresOf, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { messages, outputs, pack, pairs, train } from './small-training.ts';

const oneStep = { maxSteps: 1, steps: [], warmupSteps: 0 };
/** A step that leaves weights as they are, in float32. */
const still = { learningRate: 1e-30, momentum: 0, weightDecay: 0 };

let dataset: string;
/** A model with its classifier, of softmax. */
let first: string;

beforeEach(async () => {
  dataset = pack();
  first = temporaryFolder();
  const params = { loss: { name: 'softmax' }, keepClassifier: true, schedule: oneStep } as const;
  await train({ dataset, folder: first, params });
});

/** A checkpoint as MXNet saves it after a training: with what is behind the embedding. */
function mxnetCheckpoint(): string {
  const path = join(temporaryFolder(), 'y1-0001.params');
  modelFormats.mxnet.write(path, readModel(join(first, 'model')), {});
  const classifier = decodeFile(mxnetParams, join(first, 'model', 'classifier.params'));
  writeFileSync(path, mxnetParams.encode([...decodeFile(mxnetParams, path), ...classifier]));
  // The symbol of a training goes on behind the embedding.
  const symbolPath = join(path, '..', 'y1-symbol.json');
  const symbol = JSON.parse(readFileSync(symbolPath, 'utf8')) as {
    nodes: object[];
    arg_nodes: number[];
    heads: number[][];
  };
  const [embedding = []] = symbol.heads;
  const at = symbol.nodes.length;
  symbol.nodes.push({ op: 'null', name: 'fc7_weight', inputs: [] }, { op: 'null', name: 'fc7_bias', inputs: [] });
  const attrs = { num_hidden: '4' };
  const inputs = [embedding, [at, 0, 0], [at + 1, 0, 0]];
  symbol.nodes.push({ op: 'FullyConnected', name: 'fc7', attrs, inputs });
  symbol.arg_nodes.push(at, at + 1);
  symbol.heads = [[at + 2, 0, 0]];
  writeFileSync(symbolPath, JSON.stringify(symbol));
  return path;
}

describe('the classifier of a training', { timeout: 60_000 }, () => {
  it('is beside the network in the model, on demand', async () => {
    const { arrays } = readClassifier(join(first, 'model'));
    expect(arrays.map(({ name, shape }) => ({ name, shape }))).toEqual([
      { name: 'fc7_weight', shape: [4, 8] },
      { name: 'fc7_bias', shape: [4] },
    ]);
    const without = temporaryFolder();
    await train({ dataset, folder: without, params: { loss: { name: 'softmax' }, schedule: oneStep } });
    expect(existsSync(join(without, 'model', 'classifier.params'))).toBe(false);
    expect(outputs(without)).toEqual(outputs(first));
  });

  it('is the start of another loss, from a model folder and from a checkpoint of MXNet', async () => {
    const [weight] = readClassifier(join(first, 'model')).arrays;
    for (const pretrained of [join(first, 'model'), mxnetCheckpoint()]) {
      const folder = temporaryFolder();
      const params = { startClassifier: true, keepClassifier: true, schedule: oneStep, optimizer: still };
      const events = await train({ dataset, folder, pretrained, params });
      expect(messages(events)).toContain('starts with its classifier of 4 identities too: fc7_weight');
      expect(readClassifier(join(folder, 'model')).arrays).toEqual([weight]);
    }
  });

  it('is drawn unless it is asked for, and goes on through a kill', async () => {
    const pretrained = join(first, 'model');
    const drawn = temporaryFolder();
    const events = await train({
      dataset,
      folder: drawn,
      pretrained,
      params: { keepClassifier: true, schedule: oneStep },
    });
    expect(messages(events)).toContain('the arrays of the loss are drawn for 4 identities: fc7_weight');

    const schedule = { ...oneStep, maxSteps: 3 };
    const params = { startClassifier: true, keepClassifier: true, schedule, logEverySteps: 1 };
    const [straight, killed] = [temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: straight, pretrained, params });
    const run = (kill: boolean): Promise<unknown> =>
      train({
        ...{ dataset, folder: killed, pretrained, params },
        onEvent(event) {
          if (kill && event.type === 'metric' && event.step === 3) throw new Error('killed');
        },
      });
    await expect(run(true)).rejects.toThrow('killed');
    await run(false);
    expect(outputs(killed)).toEqual(outputs(straight));
    const bytes = (folder: string): Buffer => readFileSync(join(folder, 'model', 'classifier.params'));
    expect(bytes(killed)).toEqual(bytes(straight));
    expect(bytes(drawn).equals(bytes(straight))).toBe(false);
  });

  it('is refused where there is none, or of other people', async () => {
    const bare = temporaryFolder();
    await train({ dataset, folder: bare, params: { schedule: oneStep } });
    const refused = async (params: Partial<Params>, pretrained?: string, set: string | string[] = dataset) => {
      const given = pretrained === undefined ? {} : { pretrained: join(pretrained, 'model') };
      const training = { dataset: set, folder: temporaryFolder(), ...given, params };
      const [failure] = await failuresOf(() => train({ ...training, validation: [pairs()] }));
      return `${failure?.code ?? ''}: ${failure?.message ?? ''}`;
    };
    const triplet = { loss: { name: 'triplet' }, batch: 6 } as Partial<Params>;
    expect(await refused({ startClassifier: true }, bare)).toBe(
      'pretrained-mismatch: model has no classifier (no fc7_weight) for startClassifier: true',
    );
    expect(await refused({ startClassifier: true }, first, [dataset, pack()])).toBe(
      "pretrained-mismatch: the classifier's fc7_weight has shape [4, 8], expected [8, 8], for the identities of this training set",
    );
    expect(await refused({ startClassifier: true })).toBe(
      'no-classifier: startClassifier: true takes the classifier of the pretrained model, and there is no pretrained model',
    );
    expect(await refused({ ...triplet, keepClassifier: true })).toBe(
      'no-classifier: keepClassifier: true is of no use with the loss triplet, which has no classifier',
    );
    expect(await refused({ keepClassifier: true, keep: 'best' })).toBe(
      'no-classifier: keepClassifier: true keeps the classifier of the last step, and keep: best the network of another one',
    );
  });
});

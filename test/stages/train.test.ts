import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { modelFormats } from '../../src/kit/net/exchange/index.ts';
import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { readModel, writeModel } from '../../src/kit/net/model/model-folder.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import type { TrainingLog } from '../../src/kit/net/training/training-log.ts';
import type { Params } from '../../stages/train/contract.ts';
import { pretrainedParameters } from '../../stages/train/pretrained.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { randomParameters } from '../kit/net/backends/small-networks.ts';
import { messages, outputs, pack, pairs, side, train } from './train/small-training.ts';

describe('the stage train', { timeout: 180_000 }, () => {
  it('writes a model, its curves, and the same bytes when it was killed and went on', async () => {
    const dataset = pack();
    const validation = join(temporaryFolder(), 'four.bin');
    const images = Array.from({ length: 20 }, (_, index) => jpeg(index % 5, side));
    writeVerificationSet(validation, { images, same: images.slice(10).map((_, index) => index % 2 === 0) });
    const straight = temporaryFolder();
    const events = await train({ dataset, folder: straight, validation: [validation] });

    const { parameters, shaped } = readModel(join(straight, 'model'));
    expect(shaped.graph.outputs).toEqual(['fc1']);
    expect(shaped.graph.input).toEqual({ channels: 3, height: side, width: side });
    expect([...parameters.keys()].some((name) => name.startsWith('fc7'))).toBe(false);
    const log = JSON.parse(readFileSync(join(straight, 'log.json'), 'utf8')) as TrainingLog;
    expect(log.curves.map(({ name, points }) => [name, points.map(([step]) => step)])).toEqual([
      ['loss', [3, 6]],
      ['accuracy', [3, 6]],
      ['learningRate', [3, 6]],
      ['verification/four', [3, 6]],
    ]);
    expect(log.curves[2]?.points.map(([, rate]) => rate)).toEqual([0.01, 0.001]);
    expect(events.filter(({ type }) => type === 'checkpoint')).toEqual([
      { type: 'checkpoint', step: 2 },
      { type: 'checkpoint', step: 4 },
    ]);

    const killed = temporaryFolder();
    const kill = (event: StageEvent): void => {
      if (event.type === 'metric' && event.step === 3) throw new Error('killed');
    };
    await expect(train({ dataset, folder: killed, validation: [validation], onEvent: kill })).rejects.toThrow('killed');
    const resumed = await train({ dataset, folder: killed, validation: [validation] });
    expect(messages(resumed)).toContain('resumes from the checkpoint of step 2');
    expect(outputs(killed)).toEqual(outputs(straight));
  });

  it('trains on several sets with augmented images, says what came from where, and goes on as if it had not been killed', async () => {
    const dataset = [pack(), pack()];
    const others = {
      augment: {
        lowResolution: { probability: 0.5, smallest: 0.2, largest: 1 },
        photometric: { probability: 0.5, strength: 0.5 },
        cutOut: { size: 30, probability: 1 },
      },
      logEverySteps: 1,
    } as const;
    const straight = temporaryFolder();
    const events = await train({ dataset, folder: straight, params: others });
    expect(messages(events)).toContain(`set 1, labels 0 to 3: 8 images of 4 identities in ${dataset[0] ?? ''}`);
    expect(messages(events)).toContain(`set 2, labels 4 to 7: 8 images of 4 identities in ${dataset[1] ?? ''}`);
    expect(messages(events)[0]).toContain('16 images of 8 identities');
    const sets = [0, 4].map((firstLabel) => ({ images: 8, identities: 4, firstLabel }));
    expect(readModel(join(straight, 'model')).origin).toMatchObject({ identities: 8, sets });
    const plain = temporaryFolder();
    await train({ dataset, folder: plain, params: { logEverySteps: 1 } });
    expect(outputs(plain)[1]).not.toBe(outputs(straight)[1]);

    const killed = temporaryFolder();
    const kill = (event: StageEvent): void => {
      if (event.type === 'metric' && event.step === 3) throw new Error('killed');
    };
    await expect(train({ dataset, folder: killed, params: others, onEvent: kill })).rejects.toThrow('killed');
    await train({ dataset, folder: killed, params: others });
    expect(outputs(killed)).toEqual(outputs(straight));
  });

  it('tells which share of the time it waited for images, over the steps and at the end, but not in its log', async () => {
    const folder = temporaryFolder();
    const events = await train({ dataset: pack(), folder });
    const shares = events.filter((event) => event.type === 'metric' && event.name === 'waitingForImages');
    expect(shares.map((event) => ('step' in event ? event.step : undefined))).toEqual([3, 6, undefined]);
    for (const share of shares) {
      const value = 'value' in share ? share.value : NaN;
      expect(value >= 0 && value <= 1).toBe(true);
    }
    expect(readFileSync(join(folder, 'log.json'), 'utf8')).not.toContain('waiting');
  });

  it('refuses a set of one person', async () => {
    const dataset = temporaryFolder();
    const writer = new DatasetWriter(dataset);
    for (let index = 0; index < 4; index += 1) writer.add(0, true, jpeg(index, side));
    writer.finish({ height: side, width: side });
    expect(await printedFailure(() => train({ dataset, folder: temporaryFolder() }))).toBe(
      `${dataset}/train.rec: too-few-identities: the training set has 1 identity, expected two at least: a loss tells them apart\n` +
        '  Choose a set of several people: flow inspect shows how many it has.',
    );
  });

  it('trains with another loss, optimizer and schedule, and resumes these too', async () => {
    const dataset = pack();
    const others = {
      loss: { name: 'cosface', margin: 0.35, scale: 64 },
      optimizer: { name: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
      schedule: { name: 'polynomial', maxSteps: 4, warmupSteps: 0, power: 1 },
      logEverySteps: 1,
    } as const;
    const straight = temporaryFolder();
    await train({ dataset, folder: straight, params: others });
    const log = JSON.parse(readFileSync(join(straight, 'log.json'), 'utf8')) as TrainingLog;
    const rates = log.curves.find(({ name }) => name === 'learningRate')?.points.map(([, rate]) => rate);
    expect(rates).toEqual([0.01, 0.0075, 0.005, 0.0025]);

    const killed = temporaryFolder();
    const kill = (event: StageEvent): void => {
      if (event.type === 'metric' && event.step === 3) throw new Error('killed');
    };
    await expect(train({ dataset, folder: killed, params: others, onEvent: kill })).rejects.toThrow('killed');
    await train({ dataset, folder: killed, params: others });
    expect(outputs(killed)).toEqual(outputs(straight));
  });

  const mining = { imagesPerIdentity: 2, poolSize: 8, maxPositiveDistance: 0 };
  const killedChoices: Readonly<Record<string, Partial<Params>>> = {
    'triplets that the network chooses': { loss: { name: 'triplet', margin: 4, ...mining }, batch: 3 },
    'pairs of images of an identity': { loss: { name: 'n-pair' }, batch: 4 },
    'a loss with state': {
      loss: { name: 'adaface', margin: 0.4, concentration: 0.333, averageRate: 0.01, scale: 64 },
    },
    'averages of the weights, frozen layers, and values that are computed once more': {
      averageWeights: 0.9,
      freeze: ['conv_1_*'],
      recompute: true,
    },
    'steps of two batches, limited gradients, and a decay of its own': {
      accumulate: 2,
      clipGradient: 1,
      optimizer: { learningRate: 0.01, momentum: 0.9, weightDecay: 0.1, decay: 'no-bias-bn' },
    },
  };

  it.each(Object.entries(killedChoices))('killed on the way writes the same bytes as unbroken: %s', async (_, own) => {
    const dataset = pack();
    const others = {
      ...own,
      checkpointEverySteps: 1,
      logEverySteps: 1,
      schedule: { maxSteps: 4, steps: [3], warmupSteps: 0 },
    };
    const straight = temporaryFolder();
    await train({ dataset, folder: straight, params: others });
    const killed = temporaryFolder();
    // Before the checkpoint of this step; at random moments, and by the system: test/e2e/training-kill.test.ts.
    const kill = (event: StageEvent): void => {
      if ((event.type === 'checkpoint' || event.type === 'metric') && event.step === 3) throw new Error('killed');
    };
    await expect(train({ dataset, folder: killed, params: others, onEvent: kill })).rejects.toThrow('killed');
    await train({ dataset, folder: killed, params: others });
    expect(outputs(killed)).toEqual(outputs(straight));
  });

  it('keeps the best step by the first set that it watches, ends when patience is over, and does so after a kill too', async () => {
    const dataset = pack();
    const validation = join(temporaryFolder(), 'four.bin');
    const images = Array.from({ length: 20 }, (_, index) => jpeg(index % 5, side));
    writeVerificationSet(validation, { images, same: images.slice(10).map((_, index) => index % 2 === 0) });
    const others: Partial<Params> = {
      keep: 'best',
      patience: 2,
      verifyEverySteps: 1,
      checkpointEverySteps: 1,
      logEverySteps: 1,
      schedule: { maxSteps: 9, steps: [], warmupSteps: 0 },
    };
    const straight = temporaryFolder();
    const events = await train({ dataset, folder: straight, validation: [validation], params: others });
    const log = JSON.parse(readFileSync(join(straight, 'log.json'), 'utf8')) as TrainingLog;
    const points = log.curves.find(({ name }) => name === 'verification/four')?.points ?? [];
    const accuracies = points.map(([, accuracy]) => accuracy);
    const best = accuracies.indexOf(Math.max(...accuracies)) + 1;
    expect(readModel(join(straight, 'model')).origin).toMatchObject({ steps: best });
    expect(events).toContainEqual({ type: 'metric', name: 'bestStep', value: best });
    // Either two verifications after the best one, or the end of the schedule.
    expect(points.length).toBe(Math.min(9, best + 2));

    const short = temporaryFolder();
    const only = { ...others, schedule: { maxSteps: best, steps: [], warmupSteps: 0 } };
    await train({ dataset, folder: short, validation: [validation], params: { ...only, patience: 9 } });
    expect(outputs(short)[1]).toBe(outputs(straight)[1]);

    const killed = temporaryFolder();
    const kill = (event: StageEvent): void => {
      if (event.type === 'checkpoint' && event.step === best + 1) throw new Error('killed');
      if (event.type === 'metric' && event.step === best + 1 && event.step === 9) throw new Error('killed');
    };
    await train({ dataset, folder: killed, validation: [validation], params: others, onEvent: kill }).catch(
      () => undefined,
    );
    await train({ dataset, folder: killed, validation: [validation], params: others });
    expect(outputs(killed)).toEqual(outputs(straight));
  });

  it('refuses a best model that is damaged or gone as soon as it resumes', async () => {
    const [dataset, validation] = [pack(), pairs()];
    for (const spoil of [
      (path: string): void => {
        rmSync(path, { recursive: true });
      },
      (path: string): void => {
        const file = join(path, 'parameters.bin');
        const bytes = readFileSync(file);
        bytes.writeUInt8(bytes.readUInt8(9) ^ 1, 9);
        writeFileSync(file, bytes);
      },
    ]) {
      const folder = temporaryFolder();
      const kill = (event: StageEvent): void => {
        if (event.type === 'checkpoint' && event.step === 4) throw new Error('killed');
      };
      const training = { dataset, folder, validation: [validation], params: { keep: 'best' } as const };
      await train({ ...training, onEvent: kill }).catch(() => undefined);
      const [best = ''] = readdirSync(join(folder, 'best')).filter((name) => !name.endsWith('.json'));
      spoil(join(folder, 'best', best));
      const [failure] = await failuresOf(() => train(training));
      expect(failure).toMatchObject({ code: 'checkpoint-damaged', at: { file: join(folder, 'best', best) } });
    }
  });

  it('ends after as many verifications as its patience where none is one to keep', async () => {
    const others = { bestBy: 'original', patience: 2, verifyEverySteps: 1 } as const;
    const events = await train({ dataset: pack(), folder: temporaryFolder(), validation: [pairs()], params: others });
    const steps = events.flatMap((event) =>
      event.type === 'metric' && event.name === 'verification/four' ? [event.step] : [],
    );
    expect(steps).toEqual([1, 2]);
  });

  it('counts its schedule in steps of another number of images', async () => {
    const folder = temporaryFolder();
    const schedule = { maxSteps: 3, steps: [2], warmupSteps: 0, scaleFrom: 4 };
    await train({ dataset: pack(), folder, params: { schedule, logEverySteps: 1 } });
    const { curves } = JSON.parse(outputs(folder)[2]) as TrainingLog;
    const rates = curves.find(({ name }) => name === 'learningRate')?.points;
    // Batches of two images: twice as many.
    expect(rates).toEqual([1, 2, 3, 4, 5, 6].map((step) => [step, step > 4 ? 0.001 : 0.01]));
  });

  it.each([
    [{ keep: 'best' }, 'keep: best'],
    [{ patience: 3 }, 'patience'],
  ] as const)('says at once that %o goes by a set that is not bound', async (own, parameter) => {
    expect(await printedFailure(() => train({ dataset: pack(), folder: temporaryFolder(), params: own }))).toBe(
      `nothing-to-watch: "${parameter}" goes by the accuracy on a validation set, and none is bound\n  Bind pairs to "validation", such as the output pairs of face2rec.`,
    );
  });

  it('goes back to its checkpoint and on with half the rate where it has diverged, and gives up after five times', async () => {
    const training = {
      optimizer: { learningRate: 1e30, momentum: 0, weightDecay: 0 },
      onDivergence: 'rewind',
    } as const;
    const [dataset, folder] = [pack(), temporaryFolder()];
    const events: StageEvent[] = [];
    const onEvent = (event: StageEvent): void => void events.push(event);
    const [failure] = await failuresOf(() => train({ dataset, folder, params: training, onEvent }));
    const rates = messages(events).flatMap(
      (message) => /learning rate ([\d.e+]+)\); .*goes back to step 0 with half/.exec(message)?.[1] ?? [],
    );
    expect(rates.map(Number)).toEqual([1e30, 5e29, 2.5e29, 1.25e29, 6.25e28]);
    expect(failure?.code).toBe('training-diverged');
    expect(failure?.message).toMatch(/learning rate 3\.125e\+28\); .*; images \d, \d$/);
  });

  it('goes back to the checkpoint before the last, or to its start, where the last was spoilt, and on to its end', async () => {
    const training = {
      // The loss of the second step is above a million: what is saved after the first leads nowhere.
      optimizer: { learningRate: 9000, momentum: 0, weightDecay: 0 },
      loss: { name: 'softmax' },
      schedule: { maxSteps: 2, steps: [], warmupSteps: 0 },
      checkpointEverySteps: 1,
      onDivergence: 'rewind',
    } as const;
    const [dataset, folder] = [pack(), temporaryFolder()];
    const checkpoint = join(folder, 'checkpoint');
    const kept: string[][] = [];
    const events = await train({
      dataset,
      folder,
      params: training,
      onEvent(event) {
        if (event.type !== 'checkpoint') return;
        kept.push(readdirSync(checkpoint).filter((name) => name.endsWith('.bin')));
        if (kept.length === 2) rmSync(join(checkpoint, 'step-0.bin'));
      },
    });
    const back = messages(events).flatMap((message) => /goes back to (step \d+) with/.exec(message)?.[1] ?? []);
    expect(kept.slice(0, 3)).toEqual([['step-0.bin'], ['step-0.bin', 'step-1.bin'], ['step-0-again.bin']]);
    expect(back.length).toBeGreaterThan(1);
    expect(back[0]).toBe('step 0');
    const { returns = [] } = JSON.parse(outputs(folder)[2]) as TrainingLog;
    expect(returns.map(({ step, to }) => `${step} to ${to}`)).toEqual(back.map((to) => `2 to ${to.slice(5)}`));
    expect(returns.map(({ share }) => share)).toEqual(back.map((_, index) => 1 / 2 ** (index + 1)));
    expect(events).toContainEqual({ type: 'metric', name: 'rewinds', value: back.length });
    expect(readModel(join(folder, 'model')).parameters.size).toBeGreaterThan(0);
  });

  it('starts from a model of any format, and says how much of the network that is', async () => {
    const dataset = pack();
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    const short = { schedule: { maxSteps: 1, steps: [], warmupSteps: 0 } };
    await train({ dataset, folder: first, params: short });
    const model = readModel(join(first, 'model'));
    modelFormats.mxnet.write(join(first, 'y1-0000.params'), model, {});
    modelFormats.onnx.write(join(first, 'y1.onnx'), model);
    const count = model.parameters.size;
    for (const name of ['model', 'y1-0000.params', 'y1.onnx']) {
      const { start, report } = pretrainedParameters(join(first, name), model.shaped, {});
      expect(report.message).toBe(`starts with ${count} of the ${count} parameter arrays of ${name}`);
      expect(start).toEqual(model.parameters);
    }
    const pretrained = join(first, 'y1-0000.params');
    const events = await train({ dataset, folder: second, pretrained, params: short });
    expect(messages(events)).toContain(`starts with ${count} of the ${count} parameter arrays of y1-0000.params`);
    expect(outputs(second)[1]).not.toBe(outputs(first)[1]);
  });

  it('of a model that has a part of the network only it starts on demand, and says which of it is drawn', async () => {
    const part = (layers: readonly string[]): Graph => {
      const builder = new GraphBuilder();
      const attributes = { units: 2, bias: false };
      const last = layers.reduce(
        (input, name) => builder.add('fully-connected', name, input, attributes),
        builder.data,
      );
      return builder.build({ channels: 3, height: 2, width: 2 }, last);
    };
    const path = join(temporaryFolder(), 'part');
    writeModel(path, {
      graph: part(['a', 'other']),
      parameters: randomParameters(part(['a', 'other']), 1).values(),
      origin: {},
    });
    const network = inferShapes(part(['a', 'b', 'c']));
    const [failure] = await failuresOf(() => pretrainedParameters(path, network, {}));
    expect(failure).toMatchObject({
      code: 'pretrained-mismatch',
      message: 'the pretrained model lacks b_weight, c_weight: 2 of the 3 parameters of the network',
      at: { file: path },
    });
    const { start, report } = pretrainedParameters(path, network, { drawMissing: true });
    expect([...start.keys()]).toEqual(['a_weight']);
    expect(report).toEqual({
      type: 'log',
      level: 'warning',
      message:
        'starts with 1 of the 2 parameter arrays of part, without other_weight; it has none of the names of 2 others of the network, which are drawn: b_weight, c_weight',
    });
  });

  it('writes a checkpoint and stops when it is told to', async () => {
    const folder = temporaryFolder();
    const stopping = train({
      dataset: pack(),
      folder,
      params: { checkpointEverySteps: 100, logEverySteps: 1 },
      onEvent(event, abort) {
        if (event.type === 'metric' && event.step === 3) abort.abort(new Error('interrupted'));
      },
    });
    await expect(stopping).rejects.toThrow('interrupted');
    expect(readdirSync(join(folder, 'checkpoint')).sort()).toEqual(['checkpoint.json', 'step-3.bin']);
  });

  it('fails with what to do when the loss is no longer a number', async () => {
    const training = { optimizer: { learningRate: 1e30, momentum: 0, weightDecay: 0 } };
    const failures = await failuresOf(() => train({ dataset: pack(), folder: temporaryFolder(), params: training }));
    expect(failures.map(({ code }) => code)).toEqual(['training-diverged']);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeVerificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { jpeg, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { messages, pack, side, train } from './small-training.ts';

const short = { schedule: { maxSteps: 1, steps: [], warmupSteps: 0 } };

/** Pairs of images of these seeds; the training set has 0 to 7, two of each of four identities. */
function pairs(seeds: readonly number[]): string {
  const path = join(temporaryFolder(), 'lfw.bin');
  const images = Array.from({ length: 20 }, (_, index) => jpeg(seeds[index % seeds.length] ?? 0, side));
  writeVerificationSet(path, { images, same: images.slice(10).map((_, index) => index % 2 === 0) });
  return path;
}

describe('the people of a test set', { timeout: 180_000 }, () => {
  it('are looked for by their images alone where there is no model, and the log says so', async () => {
    const dataset = pack();
    const none = await train({ dataset, folder: temporaryFolder(), validation: [pairs([50, 51])], params: short });
    expect(messages(none)).toContain(
      'whether people are shared with lfw was not looked at, because a model is missing; no image of it is in the training set',
    );
    const some = await train({ dataset, folder: temporaryFolder(), validation: [pairs([50, 3, 2])], params: short });
    const message =
      'whether people are shared with lfw was not looked at, because a model is missing; 2 images of it byte for byte in the training set, of identity 1';
    expect(some).toContainEqual({ type: 'log', level: 'warning', message });
  });

  it('are compared with the centres of identities by the pretrained model, once, and the log and the record have the result', async () => {
    const [dataset, first, second] = [pack(), temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: first, params: short });
    const pretrained = join(first, 'model');
    const training = { dataset, validation: [pairs([2, 3])], params: { ...short, samePersonFrom: 0.99 } };
    const events = await train({ ...training, folder: second, pretrained });
    const [message = ''] = messages(events).filter((each) => each.startsWith('shared with lfw'));
    expect(message).toMatch(/^shared with lfw: \d \(closest [01]\.\d\d\)/);
    const count = Number(/: (\d)/.exec(message)?.[1]);
    expect(events).toContainEqual({ type: 'metric', name: 'shared/lfw', value: count });
    const log = JSON.parse(readFileSync(join(second, 'log.json'), 'utf8')) as {
      people: { set: string; byCentres: { identities: unknown[] } }[];
    };
    expect(log.people.map(({ set, byCentres }) => [set, byCentres.identities.length])).toEqual([['lfw', count]]);

    const byAnother = await train({ ...training, folder: temporaryFolder(), peopleModel: pretrained });
    expect(messages(byAnother)).toContain(message);
    expect(messages(await train({ ...training, folder: second, pretrained }))).not.toContain(message);
  });
});

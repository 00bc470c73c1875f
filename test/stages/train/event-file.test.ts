import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeEvents } from '../../../src/kit/codec/tensorflow/event-file.ts';
import type { StageEvent } from '../../../src/stage-api/stage.ts';
import { temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { outputs, pack, pairs, train } from './small-training.ts';

/** Steps with the names of their scalars, of the one event file in a folder. */
function scalarsIn(folder: string): [number, string[]][] {
  const [name = '', ...others] = readdirSync(join(folder, 'event-files'));
  expect([name, others]).toEqual(['events.out.tfevents.faceflow', []]);
  const [first, ...events] = wholeEvents(readFileSync(join(folder, 'event-files', name)));
  expect(first?.event.fileVersion).toBe('brain.Event:2');
  return events.map(({ event }) => [event.step ?? NaN, (event.summary?.values ?? []).map(({ tag = '' }) => tag)]);
}

describe('event files', { timeout: 180_000 }, () => {
  it('hold the curves, norms and speed, each step once also after a kill, and change nothing of the training', async () => {
    const [dataset, validation] = [pack(), [pairs()]];
    const [plain, straight, killed] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: plain, validation });
    expect(readdirSync(join(plain, 'event-files'))).toEqual([]);
    const params = { eventFiles: true };
    await train({ dataset, folder: straight, validation, params });
    expect(outputs(straight)).toEqual(outputs(plain));
    const figures = ['loss/margin', 'loss', 'accuracy', 'learningRate', 'images/s', 'embeddingNorm', 'gradientNorm'];
    const expected: [number, string[]][] = [
      [3, figures],
      [3, ['verification/four']],
      [6, figures],
      [6, ['verification/four']],
    ];
    expect(scalarsIn(straight)).toEqual(expected);

    // Step 3 is in the file, and in no checkpoint.
    const kill = (event: StageEvent): void => {
      if (event.type === 'metric' && event.step === 3 && event.name === 'verification/four') throw new Error('killed');
    };
    await expect(train({ dataset, folder: killed, validation, params, onEvent: kill })).rejects.toThrow('killed');
    await train({ dataset, folder: killed, validation, params });
    const steps = scalarsIn(killed).map(([step, names]) => [step, names.filter((name) => name !== 'images/s')]);
    expect(steps).toEqual(expected.map(([step, names]) => [step, names.filter((name) => name !== 'images/s')]));
  });
});

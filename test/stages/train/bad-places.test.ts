import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { printedFailure, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { messages, outputs, pack, train } from './small-training.ts';

const params = { schedule: { maxSteps: 5, steps: [], warmupSteps: 0 } };

describe('a checkpoint that is damaged', { timeout: 400_000 }, () => {
  it('ends the training before it begins, and stays as it is', async () => {
    const [dataset, folder] = [pack(), temporaryFolder()];
    await train({ dataset, folder, params });
    const values = join(folder, 'checkpoint', 'step-4.bin');
    const description = join(folder, 'checkpoint', 'checkpoint.json');
    const sound = { values: readFileSync(values), description: readFileSync(description) };
    const failing = (): Promise<string> => printedFailure(() => train({ dataset, folder, params }));
    const hint = `\n  Nothing was changed: put a sound copy in its place, or remove ${join(folder, 'checkpoint')} to start from the beginning.`;

    const flipped = Buffer.from(sound.values);
    flipped[100_000] = (flipped[100_000] ?? 0) ^ 1;
    writeFileSync(values, flipped);
    expect(await failing()).toMatch(
      /^.*step-4\.bin: checkpoint-damaged: the checkpoint of the training is damaged: the values of "\w+" are not those that were written\n/,
    );
    expect(readFileSync(values).equals(flipped)).toBe(true);

    writeFileSync(values, sound.values.subarray(0, 1000));
    expect(await failing()).toMatch(
      /^.*step-4\.bin: offset \d+: checkpoint-damaged: the checkpoint of the training is damaged: parameter ".*" should end at byte \d+, .*\n/,
    );
    writeFileSync(values, sound.values);
    writeFileSync(description, sound.description.subarray(0, 2000));
    expect(await failing()).toBe(
      `${description}: checkpoint-damaged: the checkpoint of the training is damaged: it is not a description of a checkpoint${hint}`,
    );
    writeFileSync(description, sound.description);
    expect(messages(await train({ dataset, folder, params }))).toContain('resumes from the checkpoint of step 4');
  });
});

describe('checkpoints of which two are kept', { timeout: 400_000 }, () => {
  it('lead to the same model and curves where the last is damaged', async () => {
    const [dataset, straight, folder] = [pack(), temporaryFolder(), temporaryFolder()];
    const two = { ...params, keepCheckpoints: 2, logEverySteps: 1 };
    const unbroken = await train({ dataset, folder: straight, params: two });
    await train({ dataset, folder, params: two });
    const checkpoints = join(folder, 'checkpoint');
    expect(readdirSync(checkpoints).sort()).toEqual(['checkpoint.json', 'step-2.bin', 'step-2.json', 'step-4.bin']);

    const values = join(checkpoints, 'step-4.bin');
    writeFileSync(values, readFileSync(values).subarray(0, 1000));
    const resumed = await train({ dataset, folder, params: two });
    expect(messages(resumed).filter((message) => /damaged|resumes/.test(message))).toEqual([
      expect.stringMatching(/^the checkpoint of the training is damaged: parameter .*; takes the one before$/),
      'resumes from the checkpoint of step 2',
    ]);
    expect(outputs(folder)).toEqual(outputs(straight));
    const points = (events: typeof unbroken): object[] =>
      events.filter((event) => event.type === 'metric' && event.step !== undefined && event.name === 'loss');
    expect(points(resumed)).toEqual(points(unbroken));
    // The damaged one has gone, and the last two are there again.
    expect(readdirSync(checkpoints).sort()).toEqual([
      'checkpoint.json',
      'step-2.bin',
      'step-2.json',
      'step-4-again.bin',
    ]);

    const last = join(checkpoints, 'step-4-again.bin');
    writeFileSync(last, readFileSync(last).subarray(0, 1000));
    const first = join(checkpoints, 'step-2.bin');
    writeFileSync(first, readFileSync(first).subarray(0, 1000));
    expect(await printedFailure(() => train({ dataset, folder, params: two }))).toContain(`${last}: offset`);
  });
});

/** A disk of so many megabytes, which can be made larger; undefined without the right to mount one. */
function smallDisk(megabytes: number): { readonly folder: string; resize(megabytes: number): void } | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  return {
    folder,
    resize: (size) => execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
  };
}

describe('a full disk', { timeout: 400_000 }, () => {
  it('while a checkpoint is saved leaves the one before whole, and the training goes on from it to the same model', async ({
    skip,
  }) => {
    const [dataset, straight] = [pack(), temporaryFolder()];
    const disk = smallDisk(8);
    if (disk === undefined) return skip('no right to mount a small disk');
    const { folder } = disk;
    await train({ dataset, folder: straight, params });
    expect(await printedFailure(() => train({ dataset, folder, params }))).toBe(
      'no-room-to-save: there is no room left on the disk to save the training: ENOSPC: no space left on device, write\n' +
        '  Make room (flow cache gc, flow rm) and run again: it resumes from the checkpoint of step 2, which is whole.',
    );
    expect(readdirSync(join(folder, 'checkpoint')).sort()).toEqual(['checkpoint.json', 'step-2.bin']);
    disk.resize(64);
    const resumed = await train({ dataset, folder, params });
    expect(messages(resumed)).toContain('resumes from the checkpoint of step 2');
    expect(outputs(folder)).toEqual(outputs(straight));
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { FailureError, type Failure } from '../../../src/core/failure.ts';
import { Random } from '../../../src/core/random.ts';
import { encodeJpeg, type RgbImage } from '../../../src/kit/image/image.ts';
import { renderFailures } from '../../../src/core/text/failure-frame.ts';

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-format-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** An image of smooth colours that differs for every seed and is not left-right symmetric. */
export function paint(seed: number, width = 16, height = width): RgbImage {
  const random = new Random(seed);
  const base = Array.from({ length: 6 }, () => random.integer(128));
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    for (let channel = 0; channel < 3; channel += 1) {
      const start = base[channel] ?? 0;
      const slope = base[channel + 3] ?? 0;
      data[3 * pixel + channel] = Math.round(start + (slope * x) / width + (y * 4) / (channel + 1)) & 255;
    }
  }
  return { width, height, data };
}

export function jpeg(seed: number, width = 16, height = width): Uint8Array {
  return encodeJpeg(paint(seed, width, height));
}

/** Writes `<identity>/<identity>_0001.jpg` ... and returns the folder. */
export function writeFaceFolder(folder: string, counts: Readonly<Record<string, number>>, width = 16): string {
  let seed = 1;
  for (const [identity, count] of Object.entries(counts)) {
    mkdirSync(join(folder, identity), { recursive: true });
    for (let number = 1; number <= count; number += 1) {
      const name = `${identity}_${String(number).padStart(4, '0')}.jpg`;
      writeFileSync(join(folder, identity, name), jpeg(seed, width));
      seed += 1;
    }
  }
  return folder;
}

/** The failures of whatever `action` throws, as commands print them. */
export async function printedFailure(action: () => unknown): Promise<string> {
  return renderFailures(await failuresOf(action), { colour: false });
}

/** The failures of whatever `action` throws. */
export async function failuresOf(action: () => unknown): Promise<readonly Failure[]> {
  try {
    await action();
  } catch (error) {
    if (error instanceof FailureError) return error.failures;
    throw error;
  }
  throw new Error('it did not fail');
}

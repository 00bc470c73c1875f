import { join } from 'node:path';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { Params } from '../../stages/face2rec/contract.ts';
import { face2recParams } from '../../bench/face2rec-params.ts';
import { run } from '../../stages/face2rec/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

interface Packing {
  readonly images: string;
  readonly list?: string;
  readonly protocol?: string;
  readonly params?: Partial<Params>;
  /** Where the outputs go; a new folder if not given. */
  readonly folder?: string;
  readonly cpus?: number;
}

interface Packed {
  readonly dataset: string;
  readonly pairs: string;
  readonly events: readonly StageEvent[];
}

/** Runs the stage. */
export async function pack({
  images,
  list,
  protocol,
  params,
  cpus = 1,
  folder = temporaryFolder(),
}: Packing): Promise<Packed> {
  const outputs = { dataset: join(folder, 'dataset'), pairs: join(folder, 'pairs.bin') };
  const events: StageEvent[] = [];
  await run({
    params: { ...face2recParams(), ...params },
    inputs: { images, list, protocol },
    outputs,
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus,
    emit: (event) => events.push(event),
  });
  return { ...outputs, events };
}

/** What it said. */
export function logs(events: readonly StageEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
}

/** The label and the bytes of every packed image. */
export function content(folder: string): (readonly [unknown, string])[] {
  const set = new PackedDataset(folder);
  const records = Array.from({ length: set.imageCount }, (_, position) => {
    const { label, payload } = set.readImage(position);
    return [label, Buffer.from(payload).toString('base64')] as const;
  });
  set.close();
  return records;
}

export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

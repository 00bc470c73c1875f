import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import type { Params } from '../../stages/align/contract.ts';
import type { FaceRecord } from '../../stages/align/face-record.ts';
import { run } from '../../stages/align/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

interface Alignment {
  readonly images: string;
  readonly list?: string;
  readonly weights?: string;
  readonly params?: Partial<Params>;
  /** Where scratch and outputs are; a new folder if not given. */
  readonly folder?: string;
  /** Called with every event; may throw, as a stage that is interrupted does. */
  readonly onEvent?: (event: StageEvent) => void;
  readonly signal?: AbortSignal;
}

/** Runs the stage and returns what it wrote. */
export async function alignFaces({
  images,
  list,
  weights,
  params,
  folder = temporaryFolder(),
  onEvent,
  signal,
}: Alignment) {
  const outputs = {
    images: join(folder, 'images'),
    list: join(folder, 'faces.lst'),
    faces: join(folder, 'faces.ndjson'),
    alignment: join(folder, 'alignment.json'),
  };
  const onnxruntime = installedOnnxruntime();
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const events: StageEvent[] = [];
  await run({
    params: { preset: 'plain', engine: 'auto', strict: false, samples: 24, ...params },
    inputs: { images, list, weights },
    outputs,
    scratch,
    seed: 1,
    signal: signal ?? new AbortController().signal,
    engine: onnxruntime.installed ? onnxruntime.identity : { name: 'cpu', version: '0' },
    cpus: 2,
    emit(event) {
      events.push(event);
      onEvent?.(event);
    },
  });
  const lines = readFileSync(outputs.faces, 'utf8').trim().split('\n');
  return {
    outputs,
    events,
    records: lines.map((line) => JSON.parse(line) as FaceRecord),
    list: readFileSync(outputs.list, 'utf8').trimEnd().split('\n'),
    sheet: existsSync(outputs.alignment) ? (JSON.parse(readFileSync(outputs.alignment, 'utf8')) as unknown) : undefined,
    figures: figuresOf(events),
    warnings: events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : [])),
  };
}

function figuresOf(events: readonly StageEvent[]): Readonly<Record<string, number>> {
  return Object.fromEntries(events.flatMap((event) => (event.type === 'metric' ? [[event.name, event.value]] : [])));
}

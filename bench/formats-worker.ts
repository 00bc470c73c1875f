import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageEvent } from '../src/stage-api/stage.ts';
import { PackedDataset } from '../src/kit/dataset/packed-dataset.ts';
import { RecordWriter } from '../src/kit/codec/mxnet/record-writer.ts';
import { decodeImage } from '../src/kit/image/image.ts';
import { JpegDecoder } from '../src/kit/image/jpeg-decoder.ts';
import { openDataLoader } from '../src/kit/dataset/data-loader.ts';
import { face2recParams } from './face2rec-params.ts';
import { run as face2rec } from '../stages/face2rec/run.ts';

/* One job of bench/formats.ts in a process of its own, so that its peak memory is its own. Prints a line of JSON. */
const [job = '', input = '', output = ''] = process.argv.slice(2);

const jobs: Record<string, () => Promise<number>> = {
  /** Images per second, stored as they are. */
  pack: () => pack(undefined, 1),
  /** Images per second, decoded, aligned and encoded by two threads. */
  align: () => pack(join(output, 'unaligned.lst'), 2),
  /** Images per second, decoded in memory by one thread. */
  decode: decodeAll,
  /** Images per second, decoded by two threads, mirrored, as float32. */
  read: readFloats,
  /** Writes five million records of a few bytes. Seconds. */
  grow: growSet,
  /** Opens them. Seconds. */
  open: openSet,
};

async function pack(list: string | undefined, threads: number): Promise<number> {
  if (list !== undefined) writeList(list);
  const params = face2recParams();
  let images = 0;
  const start = performance.now();
  await face2rec({
    params,
    inputs: { images: input, list, protocol: undefined },
    outputs: { dataset: join(output, 'dataset'), pairs: join(output, 'pairs.bin') },
    scratch: output,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: threads,
    emit(event: StageEvent) {
      if (event.type === 'metric' && event.name === 'images') images = event.value;
    },
  });
  return images / ((performance.now() - start) / 1000);
}

/** All images of a folder, each with the points that a centred face of LFW has. */
function writeList(list: string): void {
  const points = '105\t147\t126\t109\t144\t115\t114\t138\t163\t163';
  const rows = readdirSync(input).flatMap((name, label) =>
    readdirSync(join(input, name)).map((file) => [label, `${name}/${file}`] as const),
  );
  const text = rows.map(([label, path]) => `0\t${path}\t${String(label)}\t60\t60\t190\t190\t${points}\n`).join('');
  mkdirSync(output, { recursive: true });
  writeFileSync(list, text);
}

async function decodeAll(): Promise<number> {
  const images = readdirSync(input).flatMap((name) =>
    readdirSync(join(input, name)).map((file) => readFileSync(join(input, name, file))),
  );
  const decoder = new JpegDecoder();
  const pixels = new Uint8Array(112 * 112 * 3);
  const decode = async (image: Uint8Array): Promise<void> => {
    pixels.set((await decodeImage(image, 'image', { decoder, strict: true })).data);
  };
  // The first images pay for compiling.
  for (const image of images.slice(0, 1000)) await decode(image);
  const start = performance.now();
  for (const image of images) await decode(image);
  return images.length / ((performance.now() - start) / 1000);
}

async function readFloats(): Promise<number> {
  const reader = await openDataLoader({ folders: [input], batch: 128, seed: 1, mirror: true, threads: 2 });
  // The first batches pay for starting the threads.
  for (let batch = 0; batch < 8; batch += 1) await reader.next();
  const batches = 120;
  let floats = new Float32Array(0);
  const start = performance.now();
  for (let batch = 0; batch < batches; batch += 1) floats = new Float32Array((await reader.next()).images);
  const seconds = (performance.now() - start) / 1000;
  await reader.close();
  return floats.length === 0 ? 0 : (batches * 128) / seconds;
}

const manyRecords = 5_000_000;

function growSet(): Promise<number> {
  const start = performance.now();
  mkdirSync(output, { recursive: true });
  const writer = new RecordWriter(join(output, 'train.rec'), join(output, 'train.idx'));
  const payload = Buffer.from('x');
  const identities = 85_000;
  const images = manyRecords - identities - 1;
  for (let id = 1; id <= images; id += 1) writer.write({ id, id2: 0, label: [id % identities, 1], payload });
  const empty = Buffer.alloc(0);
  writer.write({ id: 0, id2: 0, label: [images + 1, images + 1 + identities], payload: empty });
  for (let identity = 0; identity < identities; identity += 1) {
    writer.write({ id: images + 1 + identity, id2: 0, label: [1, 2], payload: empty });
  }
  writer.finish();
  writeFileSync(join(output, 'property'), `${String(identities)},112,112`);
  return Promise.resolve((performance.now() - start) / 1000);
}

function openSet(): Promise<number> {
  const start = performance.now();
  const set = new PackedDataset(input);
  const record = set.readImage(set.imageCount - 1);
  const seconds = (performance.now() - start) / 1000;
  if (record.id !== set.imageCount) throw new Error('the last image is another');
  set.close();
  return Promise.resolve(seconds);
}

const before = process.cpuUsage();
const value = (await jobs[job]?.()) ?? NaN;
const { user, system } = process.cpuUsage(before);
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ value, cpuSeconds: (user + system) / 1e6, peakMemoryBytes }));

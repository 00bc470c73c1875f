import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqlite } from '../src/core/sqlite.ts';
import { buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { modelFormats } from '../src/kit/net/exchange/index.ts';
import { drawnModel } from './drawn-model.ts';
import { writeGallery } from './gallery/drawn-gallery.ts';
import { startedService, type StartedService } from './service/started-service.ts';

/**
 * `flow serve --galleries` on a million faces of 512 numbers: seconds until it answers, memory, times of identifying one photograph alone and while faces are added and
 * removed; then it is killed, and started again: what was answered has to be there. The network (y1 with 512 outputs) is drawn, which changes no time.
 * `npm run --silent build && node dist/bench/service-million.js --images lfw/deepfunneled-250/George_W_Bush --folder <kept, 3 GB> [--index approximate]`
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string' },
    folder: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    index: { type: 'string', default: 'exact' },
    requests: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
  },
});
if (values.folder === undefined) throw new Error('--folder is needed');
const columns = 512;
const rows = Number(values.rows);
const folder = resolve(values.folder);
const [model, file] = [join(folder, 'model'), join(folder, 'galleries.db')];
const service = { images: values.images, model };
const gallery = 'all';

mkdirSync(folder, { recursive: true });
if (!existsSync(model)) {
  const network = buildNetwork(chooseNetwork('y1', { embeddingSize: columns }), { height: 112, width: 112 });
  modelFormats.folder.write(model, { ...drawnModel(network, 1), origin: {} });
}
if (!existsSync(file)) {
  const empty = await startedService(service);
  const { contract } = await empty.client.health();
  await empty.stop();
  await writeGallery({ file, contract, rows, columns, dimensions: columns });
}
const processor = cpus();
console.log(
  `${processor[0]?.model ?? ''}, ${processor.length} processors, Node ${process.version}, index ${values.index}`,
);
console.log(`${file} with ${rows} x ${columns}: ${mebibytes(statSync(file).size)}`);

const first = await start();
/** Those with one face. */
const images: Uint8Array[] = [];
for (const each of first.images) if ((await first.client.detect(each)).faces.length === 1) images.push(each);
const [image = new Uint8Array()] = images;
await alone(first, image);
const changed = await together(first);
first.child.kill('SIGKILL');
await new Promise((done) => first.child.once('exit', done));
const again = await start();
const lost = await missing(again);
await again.stop();
console.log(
  `killed and started again: of ${changed.added.size} added and ${changed.removed.size} removed faces that were answered, ${lost} are not as they were answered`,
);
if (lost > 0) process.exitCode = 1;

async function start(): Promise<StartedService> {
  const begun = performance.now();
  const started = await startedService(service, ['--galleries', file, '--index', values.index]);
  const { index } = await started.client.health();
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `answers after ${seconds.toFixed(1)} s with ${index.vectors} vectors (${index.library ?? 'exact'}); ${memoryOf(Number(started.child.pid))}`,
  );
  return started;
}

/** One client, one photograph: how long a request takes, and how long without finding and embedding its face. */
async function alone({ client, url }: StartedService, photograph: Uint8Array): Promise<void> {
  for (let number = 0; number < 5; number += 1) await client.identify(photograph, { gallery });
  const before = await computed(url);
  const ms: number[] = [];
  for (let number = 0; number < Number(values.requests); number += 1) {
    const asked = performance.now();
    await client.identify(photograph, { gallery });
    ms.push(performance.now() - asked);
  }
  const networks = ((await computed(url)) - before) / ms.length;
  const mean = ms.reduce((sum, each) => sum + each, 0) / ms.length;
  console.log(
    `identify, alone: p50 ${quantile(ms, 0.5)} ms, p99 ${quantile(ms, 0.99)} ms; of ${mean.toFixed(1)} ms on average finding and embedding take ${networks.toFixed(1)}, all else ${(mean - networks).toFixed(1)}`,
  );
}

/** Milliseconds that finding and embedding have taken until now. */
async function computed(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = [/^faceflow_finding_seconds_total (\S+)$/m, /^faceflow_embedding_seconds_total (\S+)$/m]
    .map((pattern) => Number(pattern.exec(text)?.[1] ?? 0))
    .reduce((one, other) => one + other, 0);
  return 1000 * sum;
}

interface Changed {
  readonly added: Map<number, string>;
  readonly removed: Set<number>;
}

/** Two clients look for faces, one adds them, and removes every third. */
async function together({ client, child }: StartedService): Promise<Changed> {
  const end = performance.now() + 1000 * Number(values.seconds);
  const added = new Map<number, string>();
  const removed = new Set<number>();
  const ms = { identify: [] as number[], add: [] as number[], remove: [] as number[] };
  const timed = async <Answer>(kind: keyof typeof ms, ask: () => Promise<Answer>): Promise<Answer> => {
    const asked = performance.now();
    const answer = await ask();
    ms[kind].push(performance.now() - asked);
    return answer;
  };
  const looking = async (client_: number): Promise<void> => {
    for (let number = client_; performance.now() < end; number += 1) {
      const photograph = images[number % images.length] ?? image;
      await timed('identify', () => client.identify(photograph, { gallery }));
    }
  };
  const changing = async (): Promise<void> => {
    for (let number = 0; performance.now() < end; number += 1) {
      const person = `new ${number}`;
      const photograph = images[number % images.length] ?? image;
      const { id } = await timed('add', () => client.addImage(photograph, { gallery, person }));
      if (number % 3 === 0) {
        await timed('remove', () => client.deleteImage({ gallery, image: id }));
        removed.add(id);
      } else added.set(id, person);
    }
  };
  await Promise.all([looking(0), looking(1), changing()]);
  const text = Object.entries(ms).map(
    ([kind, all]) => `${kind} ${all.length} times, p50 ${quantile(all, 0.5)} ms, p99 ${quantile(all, 0.99)} ms`,
  );
  console.log(`two clients that identify, one that adds and removes, ${values.seconds} s: ${text.join('; ')}`);
  console.log(`afterwards ${memoryOf(Number(child.pid))}`);
  return { added, removed };
}

/** How many of the changes that were answered are not in the file, or not found by the service. */
async function missing({ client }: StartedService): Promise<number> {
  const database = openSqlite(file, { readonly: true });
  const select = database.prepare<[number], { person: string }>('select person from face where id = ?');
  let count = 0;
  for (const [id, person] of changed.added) if (select.get(id)?.person !== person) count += 1;
  for (const id of changed.removed) if (select.get(id) !== undefined) count += 1;
  database.close();
  const wanted = new Set(changed.added.values());
  const { faces } = await client.identify(images[1] ?? image, { gallery, top: 1 });
  const [match] = faces[0]?.matches ?? [];
  // It was added, or another image that is as much like it.
  if (match === undefined || !wanted.has(match.person) || match.similarity < 0.999) count += 1;
  return count;
}

function quantile(numbers: readonly number[], share: number): string {
  const sorted = Float64Array.from(numbers).sort();
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1);
}

/** Of the service itself: of its own, and pages of files that are in memory, which the system takes back when it needs them. */
function memoryOf(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (field: string): string =>
    mebibytes(1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN));
  return `memory of its own ${of('RssAnon')}, pages of files ${of('RssFile')}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServiceProblem } from '../src/service/client.ts';
import { startedService } from './service/started-service.ts';

/**
 * Many clients at once against `flow serve`: nothing is lost, nothing mixed up, memory stays bounded. Each client asks for the vectors of an
 * image of its own choice, again and again, and compares them with what a single request had answered before; refused with 429 it comes
 * again. `npm run --silent build && node dist/bench/service-load.js --images lfw/deepfunneled-250/George_W_Bush [--model FILE] [--clients 200]`
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string' },
    model: { type: 'string' },
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
  },
});
const { child, client, images, stop } = await startedService({ images: values.images, model: values.model }, [
  '--max-requests',
  '150',
]);

const wanted: string[] = [];
const times: number[] = [];
for (const image of images) {
  const start = performance.now();
  wanted.push(JSON.stringify(await client.embed(image)));
  times.push(performance.now() - start);
}
const alone = quantile(times, 0.5);
const before = residentBytes(Number(child.pid));
let most = before;
const watch = setInterval(() => (most = Math.max(most, residentBytes(Number(child.pid)))), 500);

const outcome = { answered: 0, wrong: 0, refused: 0 };
const latencies: number[] = [];
const end = performance.now() + 1000 * Number(values.seconds);
await Promise.all(Array.from({ length: Number(values.clients) }, (_, number) => ask(number)));
clearInterval(watch);
const after = residentBytes(Number(child.pid));
await stop();

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
console.log(
  `${values.clients} clients, ${values.seconds} s: ${outcome.answered} answers, ${outcome.wrong} wrong, ${outcome.refused} refused with 429 and asked again`,
);
console.log(
  `one at a time ${alone.toFixed(0)} ms; under load p50 ${quantile(latencies, 0.5).toFixed(0)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
);
console.log(
  `resident memory of the service and its processes: ${mebibytes(before)} before, ${mebibytes(most)} at the most, ${mebibytes(after)} afterwards`,
);
if (outcome.wrong > 0) process.exitCode = 1;

async function ask(number: number): Promise<void> {
  for (let round = number; performance.now() < end; round += 1) {
    const place = round % images.length;
    const image = images[place];
    if (image === undefined) throw new Error('there are no images');
    const start = performance.now();
    for (;;) {
      try {
        const answer = await client.embed(image);
        outcome.answered += 1;
        if (JSON.stringify(answer) !== wanted[place]) outcome.wrong += 1;
        latencies.push(performance.now() - start);
        break;
      } catch (error) {
        if (!(error instanceof ServiceProblem) || error.problem.status !== 429) throw error;
        outcome.refused += 1;
        await sleep(1000 * (error.retryAfter ?? 1));
      }
    }
  }
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Of a process and those that it has started. */
function residentBytes(pid: number): number {
  const own = 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((each) => each !== '');
  return children.reduce((sum, each) => sum + residentBytes(Number(each)), own);
}

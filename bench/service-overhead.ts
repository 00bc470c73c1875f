import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startedService } from './service/started-service.ts';

/**
 * What a request to `flow serve` takes beside finding and embedding faces, by the service's own figures (`/metrics`) and as its client sees it: one
 * client asks for the vectors of one image after the other. In finding are decoding and cutting out; the rest is HTTP, JSON, checks and messages
 * between processes.
 * `npm run --silent build && node dist/bench/service-overhead.js --images lfw/deepfunneled-250/George_W_Bush [--model FILE]`
 */
const { values } = parseArgs({
  options: {
    images: { type: 'string' },
    model: { type: 'string' },
    requests: { type: 'string', default: '200' },
  },
});
/** Milliseconds. */
const mostOverhead = 2;
const { url, client, images, stop } = await startedService({ images: values.images, model: values.model });

interface Spent {
  readonly computing: number;
  readonly requests: number;
}

/** Milliseconds that finding and embedding, and whole requests for vectors, have taken until now. */
async function spent(): Promise<Spent> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [finding = 0, embedding = 0, requests = 0] = [
    /^faceflow_finding_seconds_total (\S+)$/m,
    /^faceflow_embedding_seconds_total (\S+)$/m,
    /^faceflow_request_seconds_sum\{operation="POST \/embed"\} (\S+)$/m,
  ].map((pattern) => 1000 * Number(pattern.exec(text)?.[1] ?? 0));
  return { computing: finding + embedding, requests };
}

const own: number[] = [];
const seen: number[] = [];
const whole: number[] = [];
let before = await spent();
for (let request = -10; request < Number(values.requests); request += 1) {
  const image = images[(request + 10) % images.length];
  if (image === undefined) throw new Error('there are no images');
  const start = performance.now();
  await client.embed(image);
  const taken = performance.now() - start;
  const after = await spent();
  if (request >= 0) {
    const computing = after.computing - before.computing;
    own.push(after.requests - before.requests - computing);
    seen.push(taken - computing);
    whole.push(taken);
  }
  before = after;
}
await stop();

const quantile = (numbers: readonly number[], share: number): number =>
  Float64Array.from(numbers).sort()[Math.floor(share * numbers.length)] ?? NaN;
const both = (numbers: readonly number[]): string =>
  `${quantile(numbers, 0.5).toFixed(2)} ms (90 %: ${quantile(numbers, 0.9).toFixed(2)})`;
console.log(
  `${cpus()[0]?.model ?? ''}, Node ${process.version}, ${own.length} requests, one after the other: median ${quantile(whole, 0.5).toFixed(1)} ms; beside finding and embedding ` +
    `${both(own)} in the service (at most ${mostOverhead}), ${both(seen)} as its client sees it`,
);
if (!(quantile(own, 0.5) <= mostOverhead)) process.exitCode = 1;

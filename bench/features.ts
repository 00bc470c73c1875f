import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Features of a folder of images against the inference bench of the same network, in turns on the same cores: what reading, decoding,
 * mirroring and storing cost beside the network. `npm run --silent build && node dist/bench/features.js`
 */
const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    network: { type: 'string', multiple: true, default: ['y1', 'r50'] },
  },
});
/** Batches of 32 images that the network sees 64 of. */
const steps = { y1: 20, r50: 5 } as const;
const batch = 32;
/** The least of the rate of the network alone. */
const least = 0.95;

interface Measured {
  readonly imagesPerSecond: number;
  readonly fastest: number;
  readonly peakMemoryBytes: number;
  readonly bytesPerImage?: number;
}

function measure(worker: string, network: string, ...args: readonly (string | number)[]): Measured {
  const file = fileURLToPath(new URL(`${worker}.js`, import.meta.url));
  const call = [file, network, ...args.map(String)];
  const printed = execFileSync(process.execPath, call, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(printed) as Measured;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

const model = cpus()[0]?.model ?? 'unknown';
console.log(
  `${model}, ${values.threads} threads, Node ${process.version}, batch ${batch}, ${values.rounds} rounds in turns`,
);
for (const [network, count] of Object.entries(steps)) {
  if (!values.network.includes(network)) continue;
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({
    alone: measure('inference-worker', network, 2 * batch, count, values.threads),
    features: measure('features-worker', network, batch, (count + 2) * batch, values.threads),
  }));
  for (const side of ['alone', 'features'] as const) {
    const measured = rounds.map((round) => round[side]);
    const rate = median(measured.map(({ imagesPerSecond }) => imagesPerSecond));
    const fastest = Math.max(...measured.map((each) => each.fastest));
    const peak = Math.max(...measured.map(({ peakMemoryBytes }) => peakMemoryBytes)) / 2 ** 20;
    console.log(
      `${network} ${side.padEnd(9)} ${rate.toFixed(1)} images/s of the network (fastest batch ${fastest.toFixed(1)}), ${peak.toFixed(0)} MiB`,
    );
  }
  const ratio = median(rounds.map(({ alone, features }) => features.imagesPerSecond / alone.imagesPerSecond));
  const best =
    Math.max(...rounds.map(({ features }) => features.fastest)) / Math.max(...rounds.map(({ alone }) => alone.fastest));
  console.log(
    `${network} ratio ${ratio.toFixed(3)}, of the fastest batches ${best.toFixed(3)} (at least ${least}); ${rounds[0]?.features.bytesPerImage ?? 0} bytes an image`,
  );
  if (ratio < least) process.exitCode = 1;
}

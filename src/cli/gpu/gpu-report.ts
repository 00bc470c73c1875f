import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { humanBytes } from '../../core/human.ts';
import { fileURLToPath } from 'node:url';
import { compiledModule } from '../../core/package-folder.ts';
import { workerEnvironment } from '../../kit/net/engines/engine-environment.ts';
import { trainingEngine } from '../../kit/net/engines/choose-engine.ts';
import type { MeasuredSpeed, ProofRequest, ProofResult } from './engine-proof.ts';

/** What `flow doctor --gpu` found out about one engine. */
export interface EngineFinding {
  /** What FLOW_ENGINE would hold. */
  readonly engine: string;
  readonly result: ProofResult;
  /**
   * Greatest difference, relative, of the losses of the first three steps to those of the engine `cpu`. Later steps
   * differ more and more by nature: rounding grows with each.
   */
  readonly difference?: number;
}

export interface GpuReport {
  readonly machine: string;
  /** Lines that the driver's own tool prints; empty without one. */
  readonly cards: readonly string[];
  readonly engines: readonly EngineFinding[];
}

/** Losses of the first steps may differ by this, relative: what TF32 and other orders of adding make of them. */
const tolerance = 1e-2;
const comparedSteps = 3;
const script = fileURLToPath(compiledModule('src/cli/gpu/engine-proof.ts'));

const speeds: ProofRequest['speeds'] = [
  { network: 'y1', batch: 32 },
  { network: 'y1', batch: 128 },
  { network: 'r50', batch: 32 },
  { network: 'r50', batch: 128 },
];

/** Proves each engine that can train on a graphics processor, beside the plain CPU one, in processes of their own. */
export async function examineGpus(environment: NodeJS.ProcessEnv): Promise<GpuReport> {
  const cards = await run('nvidia-smi', ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'], {
    ...environment,
  });
  const reference = await prove('cpu', environment, []);
  const engines: EngineFinding[] = [{ engine: 'cpu', result: reference }];
  for (const engine of ['cuda', 'webgpu']) {
    const result = await prove(engine, environment, speeds);
    engines.push({ engine, result, ...differenceOf(result, reference) });
  }
  const processor = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`;
  return {
    machine: `Node.js ${process.version}, ${process.platform} ${process.arch} ${release()}, ${processor}, ${humanBytes(totalmem())}`,
    cards: cards.how === 0 ? cards.output.trim().split('\n') : [],
    engines,
  };
}

function differenceOf(result: ProofResult, reference: ProofResult): { difference?: number } {
  if (result.outcome !== 'proved' || reference.outcome !== 'proved') return {};
  const differences = reference.losses
    .slice(0, comparedSteps)
    .map((loss, step) => Math.abs((result.losses[step] ?? NaN) - loss) / Math.abs(loss));
  return { difference: Math.max(...differences) };
}

/** Whether an engine computes what it should; where the difference is not a number, it does not. */
export function agrees({ result, difference = 0 }: EngineFinding): boolean {
  return result.outcome === 'refused' || difference <= tolerance;
}

async function prove(
  engine: string,
  environment: NodeJS.ProcessEnv,
  measured: ProofRequest['speeds'],
): Promise<ProofResult> {
  const threads = availableParallelism();
  const request: ProofRequest = { engine, threads, speeds: measured };
  const { how, output, errors } = await run(process.execPath, [script, JSON.stringify(request)], {
    ...environment,
    ...(engine === 'cuda' ? workerEnvironment(trainingEngine().identity, threads) : {}),
  });
  const last = output.trim().split('\n').at(-1) ?? '';
  if (how === 0 && last.startsWith('{"outcome":')) return JSON.parse(last) as ProofResult;
  const said = errors.trim().split('\n').at(-1) ?? '';
  return { outcome: 'refused', reason: `its process ended with ${how}: ${said}` };
}

interface Ended {
  /** 0, another exit code, a code of the system, or the signal that ended it. */
  readonly how: string | number;
  readonly output: string;
  readonly errors: string;
}

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { env: environment }, (error, output, errors) => {
      resolve({ how: error === null ? 0 : (error.signal ?? error.code ?? 'an error'), output, errors });
    });
  });
}

/** A block to read, and to paste into a bug report. */
export function gpuReportText({ machine, cards, engines }: GpuReport): string {
  const lines = [
    machine,
    ...(cards.length === 0 ? ['no card that nvidia-smi knows'] : cards.map((card) => `card      ${card}`)),
    ...engines.flatMap((finding) => ['', ...engineLines(finding)]),
  ];
  return lines.join('\n');
}

function engineLines(finding: EngineFinding): string[] {
  const { engine, result, difference } = finding;
  if (result.outcome === 'refused') return [`${engine}: not used, ${result.reason}`];
  const { losses } = result;
  const shown = [0, 1, 2, 9, 19].map((step) => (losses[step] ?? NaN).toFixed(5)).join(', ');
  return [
    `${engine}: ${result.engine} on ${result.device}, loaded in ${result.loadSeconds.toFixed(1)} s`,
    `  loss of steps 1, 2, 3, 10 and 20 of a small network: ${shown}`,
    ...(difference === undefined
      ? []
      : [
          `  differs from cpu in the first ${comparedSteps} steps by ${difference.toExponential(1)}: ` +
            (agrees(finding) ? 'agrees' : `more than ${tolerance}, do not trust this engine here`),
        ]),
    `  a step of that takes ${(result.secondsPerStep * 1000).toFixed(1)} ms`,
    ...result.speeds.map(speedLine),
  ];
}

function speedLine({ network, batch, imagesPerSecond, firstStepSeconds, tensorBytes }: MeasuredSpeed): string {
  return (
    `  ${network}, batch ${batch}: ${imagesPerSecond.toFixed(1)} images/s in training ` +
    `(first step ${firstStepSeconds.toFixed(2)} s, ${humanBytes(tensorBytes)} of tensors between steps)`
  );
}

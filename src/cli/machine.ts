import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import type { EngineIdentity } from '../core/engine-identity.ts';
import { packageFolder, packageVersion } from '../core/package-folder.ts';
import { readIfThere } from '../core/process-facts.ts';
import { workerEnvironment } from '../kit/net/engines/engine-environment.ts';
import type { Share } from '../pipeline/execute/run-request.ts';
import type { Capacity } from '../pipeline/execute/slots.ts';
import type { TaskSpec } from '../pipeline/experiment/experiment.ts';
import type { MachineFacts } from '../pipeline/record/run-facts.ts';
import type { ProcessContext } from './flow-command.ts';

/** What tasks may share of this machine: processors and as many tasks, or fewer if requested. */
export function machineCapacity(
  requested: Partial<Pick<Capacity, 'jobs' | 'cpus'>>,
  context: ProcessContext,
): Capacity {
  const cpus = Math.min(requested.cpus ?? Infinity, availableParallelism());
  return { jobs: requested.jobs ?? cpus, cpus, memoryBytes: memoryLimit(), gpus: graphicsProcessors(context) };
}

/** Bytes that our control group may use, or that the machine has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Those that `CUDA_VISIBLE_DEVICES` allows us, or all that the driver of NVIDIA lists. */
function graphicsProcessors({ environment }: ProcessContext): string[] {
  const allowed = environment['CUDA_VISIBLE_DEVICES'];
  if (allowed !== undefined) return allowed.split(',').filter((id) => id !== '' && id !== '-1');
  try {
    return readdirSync('/proc/driver/nvidia/gpus').map((_, index) => String(index));
  } catch {
    return [];
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables of ours that the process of a task sees: what programs need to run at all, and the settings of devices and
 * libraries, which change where and how fast it runs. They are recorded with the run. Everything else would be a hidden
 * input.
 */
const passed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LD_.*|TF_.*|OMP_.*|CUDA_.*|NVIDIA_.*|XDG_.*|MALLOC_.*|UV_.*|FLOW_MPI.*|FLOW_LIBRARIES|MPICH_.*|HYDRA_.*|FI_.*|UCX_.*|OMPI_.*)$/;

/** The same everywhere, since programs sort, compare and print by them. */
const fixedVariables = { TZ: 'UTC', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } as const;

/** What every program that a run starts finds in its environment, of the one that the command was called with. */
export function passedVariables(ours: Environment): Record<string, string> {
  return withoutGaps(Object.fromEntries(Object.entries(ours).filter(([name]) => passed.test(name))));
}

/** What programs of other people are often told by variables, and what a task sees of those only if its stage says so. */
const oftenNeeded =
  /^(PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|CONDA_PREFIX|HF_.*|TORCH_.*|PYTORCH_.*|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_.*|REQUESTS_CA_BUNDLE|WANDB_.*|MLFLOW_.*|NCCL_.*|SLURM_.*|MASTER_(ADDR|PORT)|WORLD_SIZE|RANK|MKL_.*|OPENBLAS_.*|KMP_.*|JAX_.*|XLA_.*|AWS_.*|CUBLAS_.*)$/i;

/** Variables of ours that the program of a task may need, and that are not passed on to it. */
export function withheldVariables({ environment }: TaskSpec, ours: Environment): string[] {
  return Object.keys(ours)
    .filter((name) => oftenNeeded.test(name) && !passed.test(name) && !Object.hasOwn(environment, name))
    .sort();
}

/** The environment of a program that a run starts. */
export function programVariables(ours: Environment): Record<string, string> {
  return { ...passedVariables(ours), ...fixedVariables };
}

/** The environment of the process of a task. `ours`: the one that the command was called with. */
export function taskEnvironment(
  { task, engine, share: { cpus, gpus } }: TaskProcessRequest,
  ours: Environment,
): Record<string, string> {
  const forEngine = engine === undefined ? {} : workerEnvironment(engine, cpus);
  const declared = Object.entries(task.environment).map(([name, { value }]) => [name, value] as const);
  return withoutGaps({
    ...programVariables(ours),
    ...forEngine,
    // A task sees the graphics processors it was given, and no others.
    CUDA_VISIBLE_DEVICES: gpus.join(','),
    ...Object.fromEntries(declared),
  });
}

interface TaskProcessRequest {
  readonly task: TaskSpec;
  readonly engine: EngineIdentity | undefined;
  readonly share: Share;
}

function withoutGaps(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The machine and the programs we run on, for the record. */
export function machineFacts(): MachineFacts {
  return {
    host: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuFlags: instructionSets(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    ...graphics(),
    node: process.version,
    faceflow: packageVersion(),
    packages: pinnedPackages(),
  };
}

/** Those of the flags in /proc/cpuinfo by which numeric libraries choose their kernels. */
function instructionSets(): string[] {
  const flags = /^flags\s*: (.*)$/m.exec(readIfThere('/proc/cpuinfo'))?.[1] ?? '';
  return flags.split(' ').filter((flag) => /^(sse4|avx|fma|f16c|amx)/.test(flag));
}

/** From the files of NVIDIA's driver in /proc. */
function graphics(): { gpus?: string[]; gpuDriver?: string } {
  const driver = /Kernel Module[^\d]*([\d.]+)/.exec(readIfThere('/proc/driver/nvidia/version'))?.[1];
  if (driver === undefined) return {};
  const folder = '/proc/driver/nvidia/gpus';
  const gpus = readdirSync(folder).map(
    (name) => /^Model:(.*)$/m.exec(readIfThere(`${folder}/${name}/information`))?.[1]?.trim() ?? name,
  );
  return { gpus, gpuDriver: driver };
}

/** Versions are pinned exactly, so package.json has those that are installed. */
function pinnedPackages(): Record<string, string> {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  const { dependencies, optionalDependencies } = JSON.parse(text) as Record<string, Record<string, string> | undefined>;
  return { ...dependencies, ...optionalDependencies };
}

import type { EngineIdentity } from '../core/engine-identity.ts';
import { workerEnvironment } from '../kit/net/engines/engine-environment.ts';
import type { Share } from '../pipeline/execute/run-request.ts';
import type { TaskSpec } from '../pipeline/experiment/experiment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What of our environment the process of a task gets to see: what programs need to run at all, and the settings of
 * devices and libraries, which change where and how fast it runs. Everything else would be a hidden input.
 */
const passed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_.*|LD_.*|TF_.*|OMP_.*|CUDA_.*|NVIDIA_.*|XDG_.*|MALLOC_.*|UV_.*)$/;

export function taskEnvironment(
  task: TaskSpec,
  engine: EngineIdentity | undefined,
  { cpus, gpus }: Share,
  ours: Environment,
): Record<string, string> {
  const inherited = Object.fromEntries(Object.entries(ours).filter(([name]) => passed.test(name)));
  const forEngine = engine === undefined ? {} : workerEnvironment(engine, cpus);
  const declared = Object.entries(task.environment).map(([name, { value }]) => [name, value] as const);
  return withoutGaps({
    TZ: 'UTC',
    ...inherited,
    ...forEngine,
    // A task sees the graphics processors it was given, and no others.
    CUDA_VISIBLE_DEVICES: gpus.join(','),
    ...Object.fromEntries(declared),
  });
}

function withoutGaps(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

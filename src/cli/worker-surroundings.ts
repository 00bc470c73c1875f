import type { EngineIdentity } from '../base/stage.ts';
import { workerEnvironment } from '../net/engines/worker-environment.ts';
import type { TaskSpec } from '../spec/experiment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What of our environment the process of a task gets to see: what programs need to run at all, and the settings of
 * devices and libraries, which change where and how fast it runs. Everything else would be a hidden input.
 */
const passed =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_.*|LD_.*|TF_.*|OMP_.*|CUDA_.*|NVIDIA_.*|XDG_.*|MALLOC_.*|UV_.*)$/;

export function taskEnvironment(
  task: TaskSpec,
  engine: EngineIdentity,
  cpus: number,
  ours: Environment,
): Record<string, string> {
  const inherited = Object.fromEntries(Object.entries(ours).filter(([name]) => passed.test(name)));
  const forEngine = task.kind.manifest.engine === true ? workerEnvironment(engine, cpus) : {};
  return withoutGaps({ TZ: 'UTC', ...inherited, ...forEngine });
}

function withoutGaps(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

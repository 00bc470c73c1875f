import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { failures } from '../failures.ts';

/**
 * XLA compiles graphs, and a step is one on the engine tensorflow on processors only: elsewhere kernels are executed one by one.
 * Fails with `xla-not-compiled` there.
 */
export function requireXla(isOn: boolean, { name, version }: EngineIdentity): void {
  if (!isOn || (name === 'tensorflow' && !version.endsWith('-cuda'))) return;
  fail(failures.xlaNotCompiled({ engine: `${name} ${version}` }));
}

/**
 * The variable that TensorFlow reads before its first graph. Operations on single numbers (`PW`) in a row become one: with normalisations
 * and sums (`FUSIBLE`) a step took more than twice as long. Set where XLA is off too: a task sees the variables `TF_*` that the command was called with.
 */
export function xlaVariables(isOn: boolean): Readonly<Record<string, string>> {
  const flags = ['--tf_xla_auto_jit=2', '--tf_xla_cpu_global_jit', '--tf_xla_ops_to_cluster=PW'];
  return { TF_XLA_FLAGS: isOn ? flags.join(' ') : '' };
}

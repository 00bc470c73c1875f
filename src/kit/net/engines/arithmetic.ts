import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { type Precision, precisionVariables, requirePrecision } from './precision.ts';
import { requireXla, xlaVariables } from './xla.ts';

/** How an engine is to round, where it has the choice. It changes results, so that it is part of the key of a task. */
export interface Arithmetic {
  /** What factors are rounded to before they are multiplied. Absent: float32, they are not. */
  readonly precision?: Precision | undefined;
  /** Whether XLA compiles operations of recorded computations: these round otherwise than kernels one by one. Absent: false. */
  readonly xla?: boolean | undefined;
}

/** Fails with `precision-not-computed` or `xla-not-compiled` where an engine does not compute so. */
export function requireArithmetic({ precision = 'float32', xla = false }: Arithmetic, engine: EngineIdentity): void {
  requirePrecision(precision, engine);
  requireXla(xla, engine);
}

/** Variables that TensorFlow and the libraries under it read when they are opened. */
export function arithmeticVariables({
  precision = 'float32',
  xla = false,
}: Arithmetic): Readonly<Record<string, string>> {
  return { ...precisionVariables(precision), ...xlaVariables(xla) };
}

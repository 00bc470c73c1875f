import type { Failure } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { LayerNode } from '../graph/graph.ts';

/** In a table of writers: a kind of layer that the format cannot express. */
export interface NotExpressible {
  readonly notIn: string;
  /** Continues after the layer's name: `divides by the norms of positions`. */
  readonly reason: string;
}

/** How a format writes a kind of layer: a function, or the reason why it cannot. */
export type WriterOf<Call, Written> = ((call: Call) => Written | NotExpressible) | NotExpressible;

/** The entry of a kind of layer that `format` has nothing for; writers return it for some attributes of a kind too. */
export function notIn(format: string, reason: string): NotExpressible {
  return { notIn: format, reason };
}

/** What the writer of a layer makes of it. */
export function written<Call, Written>(writer: WriterOf<Call, Written>, call: Call): Written | NotExpressible {
  return typeof writer === 'function' ? writer(call) : writer;
}

/** The failure `not-expressible` of a layer; `file` is the one that was to be written. */
export function notExpressible({ name, kind }: LayerNode, lack: NotExpressible, file?: string): Failure {
  const facts = { name, kind, format: lack.notIn, reason: lack.reason };
  return failures.notExpressible(facts, file === undefined ? undefined : { file });
}

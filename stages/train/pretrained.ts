import { basename } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { counted } from '../../src/core/human.ts';
import { modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { readModelAs } from '../../src/kit/net/exchange/read-model-as.ts';
import type { ShapedGraph } from '../../src/kit/net/graph/shaped-graph.ts';
import type { Model, NamedArray } from '../../src/kit/net/model/model.ts';
import type { TrainingStart } from '../../src/kit/net/training/training-log.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** Of a training that begins with the parameters of another. */
export interface Pretrained {
  readonly start: ReadonlyMap<string, NamedArray>;
  /** All names, for log.json. */
  readonly origin: TrainingStart;
  /** How much of the network it is, for people: a warning if some of it is drawn. */
  readonly report: Extract<StageEvent, { readonly type: 'log' }>;
}

/** Named of those that are drawn or left out; of more only the number is given. */
const namedArrays = 5;

/**
 * Parameters of a model of any format that a network has too, by name, or where the model has names of its own (those of
 * PyTorch) by layer; others of the model are ignored, others of the network drawn with `drawMissing`. Fails with the codes of the
 * model's format and with `pretrained-mismatch`.
 */
export function pretrainedParameters(
  path: string,
  { parameters }: ShapedGraph,
  { drawMissing = false }: Pick<Params, 'drawMissing'>,
): Pretrained {
  const { parameters: model, shaped } = readPretrained(path);
  const byLayer = new Map(shaped.parameters.map((each) => [`${each.layer}_${each.suffix}`, each.name] as const));
  const start = new Map<string, NamedArray>();
  const taken = new Set<string>();
  for (const { name, layer, suffix, shape } of parameters) {
    const array = model.get(name) ?? model.get(byLayer.get(`${layer}_${suffix}`) ?? '');
    if (array === undefined) continue;
    if (array.shape.join() !== shape.join()) {
      fail(failures.pretrainedShape({ name, shape: array.shape, expected: shape }, { file: path }));
    }
    start.set(name, { ...array, name });
    taken.add(array.name);
  }
  if (start.size === 0) {
    const [wanted = '', found = ''] = [parameters[0]?.name, [...model.keys()][0]];
    fail(failures.pretrainedNames({ wanted, found }, { file: path }));
  }
  const origin = {
    model: basename(path),
    copied: [...start.keys()],
    drawn: parameters.map(({ name }) => name).filter((name) => !start.has(name)),
    leftOut: [...model.keys()].filter((name) => !taken.has(name)),
  };
  if (origin.drawn.length > 0 && !drawMissing) {
    const { drawn, copied } = origin;
    fail(failures.pretrainedLacks({ lacks: someOf(drawn), count: drawn.length, has: copied.length }, { file: path }));
  }
  return { start, origin, report: reportOf(origin) };
}

/** How the images are normalised does not matter: what the network is trained on is normalised by itself. */
function readPretrained(path: string): Model {
  const format = modelFormatOf(path);
  const takesIt = format.takes.read.some((option) => option === 'normalization');
  const asItIs = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
  return readModelAs({ format, path, options: takesIt ? { normalization: asItIs } : {} });
}

function reportOf({ model, copied, drawn, leftOut }: TrainingStart): Pretrained['report'] {
  const of = counted(copied.length + leftOut.length, 'parameter array');
  const without = leftOut.length === 0 ? '' : `, without ${someOf(leftOut)}`;
  const begins = `starts with ${copied.length} of the ${of} of ${model}${without}`;
  if (drawn.length === 0) return { type: 'log', level: 'info', message: begins };
  const message = `${begins}; it has none of the names of ${drawn.length} others of the network, which are drawn: ${someOf(drawn)}`;
  return { type: 'log', level: 'warning', message };
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, namedArrays).join(', ')}${names.length > namedArrays ? ', ...' : ''}`;
}

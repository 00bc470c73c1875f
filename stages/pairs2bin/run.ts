import { fail } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { selectPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { requireEqualSize, type FirstImage } from '../../src/kit/image/image-file.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { loadFace } from './load-face.ts';
import { readProtocol, requireAll, type ImagePair } from './read-protocol.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Packs the pairs of a protocol into a verification set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params } = context;
  const protocol = readProtocol(inputs.protocol, inputs.images);
  const { irregular } = protocol;
  if (irregular !== undefined) context.emit({ type: 'log', level: 'warning', message: irregular });
  const pairs = withoutMissing(selectPairs(protocol, params.folds, inputs.protocol), context);
  const paths = pairs.flatMap(({ left, right }) => [left.path ?? '', right.path ?? '']);
  const bytesOf = await loadAll(new Set(paths), context);
  writeVerificationSet(outputs.pairs, {
    images: paths.map((path) => bytesOf.get(path) ?? new Uint8Array(0)),
    same: pairs.map(({ same }) => same),
  });
  context.emit({ type: 'metric', name: 'pairs', value: pairs.length });
  context.emit({ type: 'metric', name: 'same pairs', value: pairs.filter(({ same }) => same).length });
};

async function loadAll(paths: ReadonlySet<string>, context: Context): Promise<ReadonlyMap<string, Uint8Array>> {
  const { params, inputs } = context;
  const progress = new WorkProgress(context, 'images', paths.size);
  const bytesOf = new Map<string, Uint8Array>();
  let first: FirstImage | undefined;
  for (const path of paths) {
    const { bytes, width, height } = await loadFace(path, params, inputs.points);
    first ??= { path, width, height };
    requireEqualSize({ width, height }, path, first);
    bytesOf.set(path, bytes);
    await progress.step();
  }
  progress.end();
  return bytesOf;
}

/** The pairs of which both images exist; fails on the others, or names them, as the parameters say. */
function withoutMissing(pairs: readonly ImagePair[], context: Context): readonly ImagePair[] {
  const whole = pairs.filter(({ left, right }) => left.path !== undefined && right.path !== undefined);
  const missing = pairs.flatMap(({ left, right }) => [left, right]).filter(({ path }) => path === undefined);
  if (context.params.missing === 'fail') requireAll(pairs, context.inputs);
  const names = [...new Set(missing.map(({ name }) => name))];
  for (const name of names) context.emit({ type: 'log', level: 'warning', message: `not found: ${name}` });
  if (names.length > 0) {
    const message = `left out ${pairs.length - whole.length} of ${pairs.length} pairs, of which an image is missing`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  if (whole.length === 0) {
    fail(failures.nothingToPack({}, { file: context.inputs.protocol }));
  }
  return whole;
}

import { fail, FailureError } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { selectPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { movedPairs } from '../../src/kit/face/folds.ts';
import { mostFrequentSize, otherSize } from '../../src/kit/image/frequent-size.ts';
import { requireEqualSize, type FirstImage, type StoredImage } from '../../src/kit/image/image-file.ts';
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
  if (irregular !== undefined) warn(context, irregular);
  const listed = selectPairs(protocol, params.folds, inputs.protocol);
  const present = withoutMissing(listed, context);
  const { pairs, bytesOf } = await readablePairs(present, context);
  const folds = new Set(listed.map(({ fold }) => fold)).size;
  if (pairs.length < listed.length && folds > 1) warnOfFolds(context, { listed, pairs, folds });
  const paths = pathsOf(pairs);
  writeVerificationSet(outputs.pairs, {
    images: paths.map((path) => bytesOf.get(path) ?? new Uint8Array(0)),
    same: pairs.map(({ same }) => same),
  });
  context.emit({ type: 'metric', name: 'pairs', value: pairs.length });
  context.emit({ type: 'metric', name: 'same pairs', value: pairs.filter(({ same }) => same).length });
};

interface LoadedPairs {
  readonly pairs: readonly ImagePair[];
  /** Of each image by its path. */
  readonly bytesOf: ReadonlyMap<string, Uint8Array>;
}

/** The pairs of which both images can be read; fails on the others, or names them, as the parameters say. */
async function readablePairs(pairs: readonly ImagePair[], context: Context): Promise<LoadedPairs> {
  const { loaded, problems } = await loadAll(new Set(pathsOf(pairs)), context);
  const bytesOf = new Map([...loaded].map(([path, { bytes }]) => [path, bytes]));
  if (context.params.unreadable !== 'drop') return { pairs, bytesOf };
  for (const [path, problem] of problems) warn(context, `left out ${path}: ${problem}`);
  const readable = pairs.filter((pair) => pathsOf([pair]).every((path) => !problems.has(path)));
  const left = pairs.length - readable.length;
  context.emit({ type: 'metric', name: 'unreadable images', value: problems.size });
  context.emit({ type: 'metric', name: 'pairs left out', value: left });
  if (left > 0) warn(context, `left out ${left} of ${pairs.length} pairs, of which an image cannot be read`);
  if (readable.length === 0) {
    const [problem] = problems.values();
    fail(failures.nothingToPack({ problem }, { file: context.inputs.protocol }));
  }
  return { pairs: readable, bytesOf };
}

interface LoadedImages {
  readonly loaded: ReadonlyMap<string, StoredImage>;
  /** What is wrong with each that cannot be used; none where that fails the stage. */
  readonly problems: ReadonlyMap<string, string>;
}

async function loadAll(paths: ReadonlySet<string>, context: Context): Promise<LoadedImages> {
  const { params, inputs } = context;
  const progress = new WorkProgress(context, 'images', paths.size);
  const loaded = new Map<string, StoredImage>();
  const problems = new Map<string, string>();
  let first: FirstImage | undefined;
  for (const path of paths) {
    try {
      const image = await loadFace(path, params, inputs.points);
      const { width, height } = image;
      first ??= { path, width, height };
      if (params.unreadable !== 'drop') requireEqualSize(image, path, first);
      loaded.set(path, image);
    } catch (error) {
      if (params.unreadable !== 'drop' || !(error instanceof FailureError)) throw error;
      problems.set(path, error.failures[0].message);
    }
    await progress.step();
  }
  progress.end();
  if (params.unreadable !== 'drop') return { loaded, problems };
  const frequent = mostFrequentSize(loaded.values());
  for (const [path, image] of loaded) {
    const problem = otherSize(image, frequent);
    if (problem !== undefined) problems.set(path, problem);
  }
  return { loaded, problems };
}

/** The pairs of which both images exist; fails on the others, or names them, as the parameters say. */
function withoutMissing(pairs: readonly ImagePair[], context: Context): readonly ImagePair[] {
  const whole = pairs.filter(({ left, right }) => left.path !== undefined && right.path !== undefined);
  const missing = pairs.flatMap(({ left, right }) => [left, right]).filter(({ path }) => path === undefined);
  if (context.params.missing === 'fail') requireAll(pairs, context.inputs);
  const names = [...new Set(missing.map(({ name }) => name))];
  for (const name of names) warn(context, `not found: ${name}`);
  if (names.length > 0) {
    warn(context, `left out ${pairs.length - whole.length} of ${pairs.length} pairs, of which an image is missing`);
  }
  if (whole.length === 0) {
    fail(failures.nothingToPack({}, { file: context.inputs.protocol }));
  }
  return whole;
}

interface ChangedFolds {
  readonly listed: readonly ImagePair[];
  readonly pairs: readonly ImagePair[];
  readonly folds: number;
}

/** A set does not say which fold its pairs are of: verify cuts folds out of what it holds. */
function warnOfFolds(context: Context, { listed, pairs, folds }: ChangedFolds): void {
  const left = new Set(pairs);
  const kept = listed.flatMap((pair, place) => (left.has(pair) ? [place] : []));
  const moved = movedPairs(kept, listed.length, folds);
  warn(
    context,
    `the folds are not those of the protocol any more: ${folds} equal ones out of the ${pairs.length} pairs that are left put ${moved} of them in another fold`,
  );
}

function pathsOf(pairs: readonly ImagePair[]): readonly string[] {
  return pairs.flatMap(({ left, right }) => [left.path ?? '', right.path ?? '']);
}

function warn(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'warning', message });
}

import { counted } from '../../src/core/human.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { readablePairs, type ReadablePairs } from '../../src/kit/face/readable-pairs.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import { readVerificationSets } from '../../src/kit/face/verification-sets.ts';
import { requirePairs, type VerifySetOptions } from '../../src/kit/face/verify-set.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import { breakdownOf } from './breakdowns.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** A set that is measured, and by what its errors are told apart. */
export interface SetToMeasure {
  readonly set: NamedSet;
  readonly by: NonNullable<VerifySetOptions['by']>;
  /** What its results say beside the figures, where pairs were to be left out. */
  readonly leftOut: Pick<VerificationResult, 'leftOut'>;
}

/** Reads the sets; with `unreadable: drop` without the pairs that cannot be read. Fails as their readers, and for sets with too few pairs. */
export async function setsToMeasure(context: Context): Promise<readonly SetToMeasure[]> {
  const { params, inputs } = context;
  const sets: SetToMeasure[] = [];
  for (const [position, whole] of readVerificationSets(inputs.pairs, params.names).entries()) {
    requirePairs({ ...whole, folds: params.folds });
    const readable = params.unreadable === 'drop' ? await readableOf(context, whole) : undefined;
    const set = readable === undefined ? whole : { ...whole, set: readable.set };
    requirePairs({ ...set, folds: params.folds });
    warnOfOneKind(context, set);
    sets.push({
      set,
      by: breakdownOf(context, { whole, set, images: readable?.positions }, position),
      leftOut: readable === undefined ? {} : { leftOut: readable.leftOut },
    });
  }
  return sets;
}

async function readableOf(context: Context, set: NamedSet): Promise<ReadablePairs> {
  const { folds } = context.params;
  const progress = new WorkProgress(context, 'images looked at');
  const readable = await readablePairs(set, { folds, onImage: () => progress.step() });
  progress.end();
  const warn = (message: string): void => {
    context.emit({ type: 'log', level: 'warning', message });
  };
  for (const { image, problem } of readable.problems) warn(`left out image ${image} of ${set.name}: ${problem}`);
  const { pairs, of, images, inOtherFolds } = readable.leftOut;
  if (images === 0) return readable;
  warn(
    `left out ${counted(pairs.length, 'pair')} of ${of} of ${set.name}, since ${counted(images, 'image')} cannot be read` +
      (folds > 1
        ? `: the ${folds} folds are cut out of the ${of - pairs.length} that are left, ${inOtherFolds} of them in another fold than before`
        : ''),
  );
  return readable;
}

/** Of pairs of one kind any threshold that takes all of them, or none, is right. */
function warnOfOneKind(context: Context, { name, set: { same } }: NamedSet): void {
  const count = same.filter(Boolean).length;
  if (count > 0 && count < same.length) return;
  const message = `all ${same.length} pairs of ${name} are of ${count > 0 ? 'the same person' : 'different people'}: their accuracy says nothing`;
  context.emit({ type: 'log', level: 'warning', message });
}

import type { Stage, StageContext } from '../../src/base/stage.ts';
import { listImageFolder } from '../../src/format/image-folder.ts';
import { packingList } from '../../src/format/packing-list.ts';
import { pairProtocol, type FacePair } from '../../src/format/pair-protocol.ts';
import { peopleInPairs, selectPairs } from '../../src/format/pair-selection.ts';
import { decodeFile } from '../../src/format/read-file.ts';
import { writeVerificationSet } from '../../src/format/verification-set.ts';
import { fail } from '../../src/base/failure.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { packPairs } from './pack-pairs.ts';
import { packPictures } from './pack-pictures.ts';
import {
  peopleInBoth,
  picturesOfFolder,
  picturesOfList,
  planPacking,
  type PackingPlan,
  type Picture,
} from './plan-packing.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Packs pictures into train.rec and its index, and pairs into a verification set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs } = context;
  const pairs = readPairs(context);
  const people = peopleInPairs(pairs);
  const plan = planPacking(readCandidates(context), people, params.minImagesPerIdentity);
  describePlan(context, plan, pairs, people);
  const packed = await packPictures(plan.pictures, outputs.dataset, params.strict, context);
  const first = plan.pictures[0];
  const size = packed.size === undefined || first === undefined ? undefined : { ...packed.size, path: first.path };
  const set = await packPairs(pairs, inputs.images, inputs.protocol ?? '', size);
  writeVerificationSet(outputs.pairs, set);
  metric(context, 'identities', packed.manifest.identities);
  metric(context, 'images', packed.manifest.images);
  metric(context, 'pairs', set.same.length);
  metric(context, 'unreadable', packed.unreadable.length);
  info(
    context,
    `packed ${String(packed.manifest.images)} pictures of ${String(packed.manifest.identities)} identities and ${String(set.same.length)} pairs` +
      (packed.unreadable.length === 0 ? '' : `; ${String(packed.unreadable.length)} pictures could not be decoded`),
  );
};

function readPairs({ inputs, params }: Context): readonly FacePair[] {
  if (inputs.protocol === undefined) return [];
  return selectPairs(decodeFile(pairProtocol, inputs.protocol), params.folds, inputs.protocol);
}

function readCandidates(context: Context): Picture[] {
  const { images, list } = context.inputs;
  if (list !== undefined) return picturesOfList(decodeFile(packingList, list), images, list);
  const folder = listImageFolder(images);
  if (folder.ignored.length > 0) {
    const shown = folder.ignored.slice(0, 3).join(', ');
    const message = `${String(folder.ignored.length)} files are no pictures of an identity and are passed over: ${shown}${folder.ignored.length > 3 ? ' ...' : ''}`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  return picturesOfFolder(folder);
}

/** Says what was left out, and makes sure that nobody is trained on who is verified on. */
function describePlan(
  context: Context,
  plan: PackingPlan,
  pairs: readonly FacePair[],
  people: ReadonlySet<string>,
): void {
  if (plan.pictures.length === 0) {
    fail({
      code: 'nothing-to-pack',
      message:
        'no picture is left to train on: there is none, or all are held out or of identities with too few pictures',
      at: { file: context.inputs.images },
    });
  }
  const unaligned = plan.pictures.find((picture) => !picture.aligned);
  if (unaligned !== undefined) {
    fail({
      code: 'unaligned-image',
      message: 'the picture is marked as not aligned; only aligned pictures can be packed',
      at: { file: unaligned.path },
    });
  }
  if (plan.tooFew.length > 0)
    info(context, `${String(plan.tooFew.length)} identities have too few pictures and are left out`);
  if (pairs.length === 0) return;
  const both = peopleInBoth(plan.pictures, people);
  if (both.length > 0) throw new Error(`people are in both sets: ${both.join(', ')}`);
  info(
    context,
    `no person is in both: ${String(people.size)} people in the pairs (${String(plan.heldOut.length)} of them taken out of the training set), ${String(plan.identities)} in the training set`,
  );
}

function info(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}

function metric(context: Context, name: string, value: number): void {
  context.emit({ type: 'metric', name, value });
}

import { existsSync } from 'node:fs';
import { fail, throwIfAny, type Failure } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { FolderListing } from '../../src/kit/dataset/image-folder.ts';
import type { FacePair } from '../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol, peopleInPairs, selectPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { ImageSize } from '../../src/kit/image/rgb-image.ts';
import { requireExactIds } from '../../src/kit/dataset/dataset-writer.ts';
import { findShards } from '../../src/kit/dataset/tar-shard.ts';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { packPairs } from './pack-pairs.ts';
import { packImages } from './pack-images.ts';
import { imagesOfFolder, imagesOfList, imagesOfShards } from './image-source.ts';
import { orderImages, planPacking, type PackingPlan } from './plan-packing.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** Packs images into train.rec and its index, and pairs into a verification set. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { params, inputs, outputs, cpus, seed } = context;
  const pairs = readPairs(context);
  const plan = makePlan(context, peopleInPairs(pairs));
  describePlan(context, plan, pairs);
  if (inputs.list !== undefined && params.strict) requireListed(plan, inputs.list);
  const { strict, duplicates, order, encoding, quality, withoutPoints, labels } = params;
  if (order !== 'pictures' && strict && duplicates !== 'drop') {
    const wanted = { images: plan.imageCount, identities: plan.labelCount, canOrder: true };
    requireExactIds(wanted, inputs.list ?? inputs.images);
  }
  const place = { folder: inputs.images, protocol: inputs.protocol ?? '' };
  // Before the packing, which may take hours: what is wrong with the pairs is known now.
  const set = await packPairs(pairs, place);
  const packed = await packImages(
    { ...plan, images: orderImages(plan.images, order, seed) },
    {
      source: inputs.list ?? inputs.images,
      sizedAs: set.first,
      folder: outputs.dataset,
      writer: { labelForm: labels, identityRecords: order !== 'pictures' },
      rules: { size: params.imageSize, encoding, quality, withoutPoints },
      strict,
      duplicates,
      minImagesPerIdentity: params.minImagesPerIdentity,
      names: params.names === true,
      threads: cpus,
    },
    context,
  );
  writeVerificationSet(outputs.pairs, set);
  const { identities, images } = packed.manifest;
  const figures = { identities, images, pairs: set.same.length, unreadable: packed.unusable };
  for (const [name, value] of Object.entries(figures)) context.emit({ type: 'metric', name, value });
  if (duplicates !== 'ignore') context.emit({ type: 'metric', name: 'duplicates', value: packed.duplicates });
  info(context, `packed ${images} images of ${identities} identities and ${set.same.length} pairs`);
  warnOfSize(context, packed.size);
  if (packed.unusable > 0) info(context, `${packed.unusable} images could not be used and were left out`);
};

function readPairs(context: Context): readonly FacePair[] {
  const { inputs, params } = context;
  if (inputs.protocol === undefined) return [];
  const protocol = decodeFile(pairProtocol, inputs.protocol);
  if (protocol.irregular !== undefined) context.emit({ type: 'log', level: 'warning', message: protocol.irregular });
  return selectPairs(protocol, params.folds, inputs.protocol);
}

function makePlan(context: Context, held: ReadonlySet<string>): PackingPlan {
  const { images, list } = context.inputs;
  const { minImagesPerIdentity, order, renumber } = context.params;
  const aligned = context.params.pictures === 'aligned';
  const shards = list === undefined ? findShards(images) : undefined;
  if (list === undefined && shards === undefined) {
    const listing = new FolderListing(images);
    const plan = planPacking(imagesOfFolder(listing, aligned), { held, minImagesPerIdentity, renumber });
    warnOf(context, listing.ignored, [
      'file is no image of an identity and is ignored',
      'files are not images of an identity and are ignored',
    ]);
    warnOf(context, listing.empty, [
      'folder holds no image and gets no label',
      'folders hold no image and get no label',
    ]);
    return plan;
  }
  const grouped = order === 'list' ? { groupedList: list ?? images } : {};
  if (list === undefined) {
    const images = imagesOfShards(shards ?? [], aligned);
    return planPacking(images, { held, minImagesPerIdentity, renumber, ...grouped });
  }
  return planPacking(imagesOfList(list, images), { held, minImagesPerIdentity, renumber, ...grouped });
}

function warnOf(context: Context, names: readonly string[], [one, many]: readonly [string, string]): void {
  if (names.length === 0) return;
  const shown = names.slice(0, 3).join(', ');
  const message = `${names.length} ${names.length === 1 ? one : many}: ${shown}${names.length > 3 ? ' ...' : ''}`;
  context.emit({ type: 'log', level: 'warning', message });
}

/** Reports what was left out, and makes sure that no person is in both sets. */
function describePlan(context: Context, plan: PackingPlan, pairs: readonly FacePair[]): void {
  if (plan.imageCount === 0) {
    const { images, list } = context.inputs;
    const isFolder = list === undefined && findShards(images) === undefined;
    fail(failures.nothingToPack({ nested: isFolder ? new FolderListing(images).nested : undefined }, { file: images }));
  }
  if (plan.unusedLabels > 0) {
    const classes = plan.labelCount + plan.unusedLabels;
    const message = `${plan.unusedLabels} of ${classes} classes have no image: numbers are missing among the labels of the list; renumber: true numbers them again`;
    context.emit({ type: 'log', level: 'warning', message });
  }
  if (plan.tooFew.length > 0) info(context, `${plan.tooFew.length} identities have too few images and are left out`);
  if (pairs.length === 0) return;
  const people = peopleInPairs(pairs);
  const both = [...plan.identities].filter((name) => people.has(name));
  if (both.length > 0) throw new Error(`people are in both sets: ${both.join(', ')}`);
  info(
    context,
    `no person is in both: ${people.size} people in the pairs (${plan.heldOut.length} of them taken out of the training set), ${plan.labelCount} in the training set`,
  );
}

/** Photographs that nothing has cut train too, slowly and badly: faces fill a part of them only. */
function warnOfSize(context: Context, size: ImageSize | undefined): void {
  const usual = 112;
  if (size === undefined || context.params.pictures !== 'aligned') return;
  if (Math.max(size.width, size.height) <= usual) return;
  const message =
    `the images are ${size.width} x ${size.height}, and were packed as aligned faces; networks are made for ` +
    `${usual} x ${usual}: of photographs, pictures: photographs cuts out the middle, and a list with points aligns them`; // words: quoted
  context.emit({ type: 'log', level: 'warning', message });
}

/** Every image of the list is there: known before the first is packed. Names up to ten that are not. */
function requireListed({ images }: PackingPlan, file: string): void {
  const missing: Failure[] = [];
  for (const { path, line = 1 } of images()) {
    if (existsSync(path)) continue;
    missing.push(failures.missingListed({ path }, { file, line, column: 1, length: 1 }));
    if (missing.length === 10) break;
  }
  throwIfAny(missing);
}

function info(context: Context, message: string): void {
  context.emit({ type: 'log', level: 'info', message });
}

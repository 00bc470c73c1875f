import { FolderListing } from '../../src/kit/dataset/image-folder.ts';
import { findShards } from '../../src/kit/dataset/tar-shard.ts';
import { fail } from '../../src/core/failure.ts';
import { pairProtocol, selectPairs } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { CheckInputs } from '../../src/stage-api/check-inputs.ts';
import type { Inputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { findImages } from './pack-pairs.ts';

/** There is an image to pack, and the images that the protocol names are there. */
export const check: CheckInputs<Params, Inputs> = ({ params, inputs: { images, list, protocol }, whole }) => {
  if (images === undefined) return;
  // With a list, also one that another task has yet to make, the images may be anywhere.
  if (list === undefined && whole.has('list') && findShards(images) === undefined) {
    const listing = new FolderListing(images);
    const hasImage = listing.identities.some((identity) => listing.images(identity).next().done !== true);
    if (!hasImage) fail(failures.nothingToPack({ nested: listing.nested }, { file: images }));
  }
  if (protocol === undefined) return;
  findImages(selectPairs(decodeFile(pairProtocol, protocol), params.folds, protocol), { folder: images, protocol });
};

import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { findArchive } from '../../src/kit/codec/archive/archive-kind.ts';
import { requireNoFile } from '../../src/kit/dataset/require-folder.ts';
import { findShards } from '../../src/kit/dataset/tar-shard.ts';
import { celebPhotographs } from './celeb-photographs.ts';
import type { Inputs } from './contract.ts';
import { facescrubPhotographs } from './facescrub-photographs.ts';
import { failures } from './failures.ts';
import { folderPhotographs, singlePhotograph } from './folder-photographs.ts';
import { listedPhotographs } from './listed-photographs.ts';
import { megafacePhotographs } from './megaface-photographs.ts';
import type { Photographs } from './photograph.ts';
import type { Layout, Settings } from './settings.ts';
import { shardPhotographs } from './shard-photographs.ts';

/** How the images of the inputs are laid out. */
export type Arrangement = Layout | 'list' | 'shards' | 'image';

/** The images that inputs and settings mean. Fails with `several-inputs`, and with the codes of the layouts. */
export function choosePhotographs(inputs: Pick<Inputs, 'images' | 'list'>, settings: Settings): Photographs {
  const { images, list } = inputs;
  const arrangement = arrangementOf(inputs, settings);
  switch (arrangement) {
    case 'list':
      return listedPhotographs(list ?? '', images);
    case 'shards':
      return shardPhotographs(findShards(images) ?? []);
    case 'image':
      return singlePhotograph(images);
    case 'facescrub':
      return facescrubPhotographs(images);
    case 'megaface':
      return megafacePhotographs(images);
    case 'celeb':
      return celebPhotographs(images);
    case 'folders':
    case 'cfp':
    case 'agedb':
      return folderPhotographs(images, arrangement);
  }
}

/** Fails with `several-inputs` where inputs and parameters exclude each other. */
export function arrangementOf({ images, list }: Pick<Inputs, 'images' | 'list'>, settings: Settings): Arrangement {
  const { layout, output, withoutFace } = settings;
  const refuse = (problem: string): never => fail(failures.severalInputs({ problem }, { file: list ?? images }));
  if (list !== undefined && layout !== undefined && !['folders', 'cfp', 'agedb'].includes(layout)) {
    refuse(`a list cannot be combined with the layout ${layout}`);
  }
  if (withoutFace === 'list' && output === 'images') {
    refuse('withoutFace: list needs output: points, for there is nothing to write an image of');
  }
  if (withoutFace === 'crop' && output === 'points') {
    refuse(
      'withoutFace: crop needs output: images; face2rec crops too (withoutPoints: crop), of what withoutFace: list lists',
    );
  }
  const arrangement = list === undefined ? (layout ?? usualLayout(images)) : 'list';
  if (output === 'points' && (arrangement === 'shards' || arrangement === 'celeb')) {
    refuse(`output: points needs images that are files, which ${arrangement} does not have`);
  }
  const isFile = statSync(images, { throwIfNoEntry: false })?.isFile() === true;
  const takesFile = ['celeb', 'shards', 'image', 'list'].includes(arrangement);
  if (isFile && !takesFile) refuse(`the layout ${arrangement} is that of a folder, and images is a file`);
  if (!isFile && arrangement === 'celeb') refuse('the layout celeb is that of a .tsv file, and images is a folder');
  return arrangement;
}

function usualLayout(images: string): Arrangement {
  if (statSync(images, { throwIfNoEntry: false })?.isFile() !== true) {
    return findShards(images) === undefined ? 'folders' : 'shards';
  }
  const ending = extname(images).toLowerCase();
  if (ending === '.tar') return 'shards';
  if (findArchive(images) !== undefined) requireNoFile(images);
  return ending === '.tsv' ? 'celeb' : 'image';
}

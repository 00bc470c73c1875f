import { catalogue } from '../../src/core/failure.ts';
import { counted } from '../../src/core/human.ts';

export const failures = catalogue({
  badLabel: {
    meaning: 'A line of a list is not what lists of its kind hold.',
    code: 'damaged-list',
    text: ({ label }: { readonly label: number }) => ({
      message: `expected a label that is an integer from 0 on, found ${label}`,
    }),
    example: { label: -1 },
  },
  severalLabels: {
    meaning: 'A line of a list is not what lists of its kind hold.',
    code: 'damaged-list',
    text: ({ labels }: { readonly labels: readonly number[] }) => ({
      message: `expected one label, the class, found ${labels.length}: ${labels.slice(0, 8).join(', ')}${labels.length > 8 ? ' ...' : ''}`,
      hint: 'Leave the columns index, class and path in the list.',
    }),
    example: { labels: [3, 34, 1] },
  },
  listNotGrouped: {
    meaning: 'The images of an identity do not follow each other in a list.',
    text: ({ label }: { readonly label: number }) => ({
      message: `label ${label} comes back after other labels; all images of an identity must follow each other`,
      hint: 'Sort the list by label, or choose order: identities or order: pictures.', // words: quoted
    }),
    example: { label: 3 },
  },
  lostImage: {
    meaning: 'An image that is needed does not exist.',
    code: 'missing-image',
    text: ({ path }: { readonly path: string }) => ({ message: `${path} is gone` }),
    example: { path: 'faces/anna/anna_0001.jpg' },
  },
  missingImage: {
    meaning: 'An image that is needed does not exist.',
    text: ({ name, number, folder }: MissingImage) => ({
      message: `the protocol names image ${number} of ${name}, but ${folder} has no ${typeof number === 'string' ? `${name}/${number}` : `${name}/${name}_${String(number).padStart(4, '0')}.jpg (nor with another extension)`}`,
      hint: 'Bind the folder that the protocol was made for, or choose other folds.',
    }),
    example: { name: 'anna', number: 7, folder: 'faces' },
  },
  missingListed: {
    meaning: 'An image that is needed does not exist.',
    code: 'missing-image',
    text: ({ path }: { readonly path: string }) => ({
      message: `the list names an image that does not exist: ${path}`,
      hint: 'Relative paths of a list begin in the folder that is bound as images. With strict: false images that cannot be read are left out.',
    }),
    example: { path: 'faces/anna/anna_0007.jpg' },
  },
  nothingUsable: {
    meaning: 'No image is left to pack.',
    code: 'nothing-to-pack',
    text: ({ unusable, duplicates }: { readonly unusable: number; readonly duplicates: number }) => ({
      message: `nothing was packed: ${counted(unusable, 'image')} could not be used${duplicates === 0 ? '' : `, ${duplicates} were duplicates`}`,
      hint: 'The log names them; with strict: true the first of them is a failure.',
    }),
    example: { unusable: 1200, duplicates: 0 },
  },
  nothingToPack: {
    meaning: 'No image is left to pack.',
    text: ({ nested }: { readonly nested?: string | undefined }) => ({
      message: 'no image is left to train on: there are none, or all are held out or of identities with too few images',
      ...(nested === undefined ? {} : { hint: `The folders of people are one level deeper: bind ${nested}.` }),
    }),
    example: { nested: 'vggface2/train' },
  },
  unalignedImage: {
    meaning: 'An image is not aligned, and there are no points to align it by.',
    text: () => ({
      message: 'the image is not aligned, and no list has points to align it by',
      hint: 'Add its ten coordinates to the list (columns 8 to 17), or choose withoutPoints: crop.',
    }),
    example: {},
  },
  unlabelledSample: {
    meaning: 'A sample of a shard has no label.',
    text: ({ name }: { readonly name: string }) => ({
      message: `${name} has no label: there is no .cls file next to it, and other images have one or it is not in a folder`,
      hint: 'Put a .cls file next to every image, or leave them out and have a folder per identity.',
    }),
    example: { name: '12.jpg' },
  },
});

interface MissingImage {
  readonly name: string;
  /** From 1, or the name of a file. */
  readonly number: number | string;
  readonly folder: string;
}

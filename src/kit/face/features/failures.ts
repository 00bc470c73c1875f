import { catalogue } from '../../../core/failure.ts';

/** So many names of one failure are shown; the count tells of the others. */
const shownNames = 100;

/** What can go wrong when embeddings are stored, read and compared. */
export const failures = catalogue({
  noImages: {
    meaning: 'The inputs of the stage name no images, or name them twice.',
    text: ({ problem }: { problem: string }) => ({ message: problem }),
    example: { problem: 'one of the inputs images and dataset is needed' },
  },
  imageNotAligned: {
    meaning: 'A list marks an image as not aligned.',
    text: ({ path }: { path: string }) => ({
      message: `${path} is marked as not aligned (0); a network takes aligned images only`,
      hint: 'Let face2rec align the images, and pass its set as the input dataset.',
    }),
    example: { path: 'bert/bert_0001.jpg' },
  },
  nameOutside: {
    meaning: 'A file of features would be written outside of the output folder.',
    text: ({ path }: { path: string }) => ({
      message: `the path ${path} leads out of its folder; a file of features is named after the path of its image`,
      hint: 'Write the list relative to the folder of images, or ask for the layout "matrix".',
    }),
    example: { path: '../faces/anna/anna_0001.jpg' },
  },
  imagesOfOneName: {
    meaning: 'Two images would get features of the same name.',
    text: ({ name, paths }: { readonly name: string; readonly paths: readonly string[] }) => ({
      message: `the features of two images would be called ${name}: those of ${paths.join(' and ')}`,
      hint: 'Features are found by their names: list every image once, or keep only one of the folders.',
    }),
    example: { name: '375/37531198@N00/1_0.jpg', paths: ['a/375/37531198@N00/1_0.jpg', 'b/375/37531198@N00/1_0.jpg'] },
  },
  notFeatures: {
    meaning: 'A folder is not what the stages that embed images write.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected a folder of features with features.json and names.txt, found ${found}`,
      hint: 'The stages features, megaface-features and remove-noises write them; docs/formats/features.md tells how.',
    }),
    example: { found: 'a folder without features.json' },
  },
  damagedFeatures: {
    meaning: 'The files of a folder of features do not fit each other, or are cut off.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${found}`,
      hint: 'The files of a folder of features belong together: copy it again, or compute it again.',
    }),
    example: { expected: '5 names, as features.json says', found: '4' },
  },
  missingFeatures: {
    meaning: 'Images are asked for of which there are no features.',
    text: ({ names, wanted }: { readonly names: readonly string[]; readonly wanted: number }) => {
      const shown = names.slice(0, shownNames);
      const more = names.length > shown.length ? `, and ${names.length - shown.length} more` : '';
      return {
        message: `${names.length} of ${wanted} images that are asked for have no features: ${shown.join(', ')}${more}`,
        hint: 'Names are compared as names.txt has them, with folder and ending; images that could not be read are named in features.json.',
      };
    },
    example: { names: ['Anna/Anna_2.png', 'Bert/Bert_1.png'], wanted: 5 },
  },
  featureLength: {
    meaning: 'A feature has more or fewer numbers than the others.',
    text: ({
      name,
      expected,
      found,
    }: {
      readonly name: string;
      readonly expected: number;
      readonly found: number;
    }) => ({
      message: `the feature of ${name} has ${found} numbers, expected ${expected}`,
      hint: 'Features of different networks cannot be compared: compute all of them with the same one.',
    }),
    example: { name: 'Anna/Anna_2.png', expected: 512, found: 128 },
  },
  featureNotFinite: {
    meaning: 'A feature is not made of finite numbers.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the feature of ${name} is not made of finite numbers`,
      hint: 'No distance to it can be computed: compute the features again, or leave the image out of the list.',
    }),
    example: { name: 'Anna/Anna_2.png' },
  },
  zeroFeature: {
    meaning: 'A feature is zero in all its numbers.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the feature of ${name} is zero in all its numbers`,
      hint: 'It has no direction and is equally far from everybody: compute the features again, or leave the image out of the list.',
    }),
    example: { name: 'Anna/Anna_2.png' },
  },
  repeatedFeature: {
    meaning: 'Two features have the same name.',
    text: ({ name, number }: { readonly name: string; readonly number: number }) => ({
      message: `the name ${name} is there for the second time, as number ${number}`,
      hint: 'Features are found by their names: list every image once.',
    }),
    example: { name: 'Anna/Anna_2.png', number: 3 },
  },
  otherContract: {
    meaning: 'Features of different networks or preprocessings are to be compared.',
    text: ({ other, own, found }: { readonly other: string; readonly own: string; readonly found: string }) => ({
      message: `the features are of another network or preprocessing than those of ${other}: contract ${short(found)}, expected ${short(own)}`,
      hint: 'Compute both with the same models, normalisation and image size, and clean both or none.',
    }),
    example: { other: 'runs/a/outputs/probes', own: 'ab'.repeat(32), found: 'cd'.repeat(32) },
  },
  featuresWithoutContract: {
    meaning: 'Features do not tell which network and preprocessing they are of.',
    text: () => ({
      message:
        'features.json tells no contract, so that nothing proves that these features may be compared with others',
      hint: 'Version 3 of the stage features wrote none: run it again.',
    }),
    example: {},
  },
  nothingEmbedded: {
    meaning: 'None of the images could be read.',
    text: ({ images }: { readonly images: number }) => ({
      message: `none of the ${images} images could be read, so that there are no features`,
      hint: 'With unreadable: fail the first one tells why.',
    }),
    example: { images: 3 },
  },
  badMask: {
    meaning: 'A file is not a mask of features.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${found}`,
      hint: 'The stage remove-noises writes mask.json; docs/formats/features.md tells what is in it.',
    }),
    example: { expected: '"format": "faceflow-feature-mask", "version": 1', found: 'another object' },
  },
});

function short(contract: string): string {
  return contract.slice(0, 12);
}

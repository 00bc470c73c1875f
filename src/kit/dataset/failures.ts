import { catalogue } from '../../core/failure.ts';
import type { FoundArchive } from '../codec/archive/archive-kind.ts';
import type { ImageSize } from '../image/rgb-image.ts';

/** What reading and writing packed sets, folders of images and shards can end with. */
export const failures = catalogue({
  batchNotDivisible: {
    meaning: 'The loss makes a batch of groups of images, and the size of the batch is not a multiple of the group.',
    text: ({ batch, multiple }: { readonly batch: number; readonly multiple: number }) => ({
      message: `a batch of ${batch} images is not made of groups of ${multiple}, as this loss needs it`,
      hint: `Choose a batch of ${multiple * Math.max(1, Math.round(batch / multiple))}, for one.`,
    }),
    example: { batch: 128, multiple: 3 },
  },
  noIdentityRecords: {
    meaning: 'The loss needs several images of each identity, and the packed set does not tell which those are.',
    text: () => ({
      message: 'the packed set has no records of identities, which this loss needs to find several images of each',
      hint: 'The stages face2rec, merge, relabel and subset write them: pass the set through relabel.',
    }),
    example: {},
  },
  nothingToMine: {
    meaning:
      'No batch can be chosen from the images of the set, since the network finds none hard enough, or all alike.',
    text: ({ images, batch }: { readonly images: number; readonly batch: number }) => ({
      message: `${images} images were looked at without two batches of ${batch} among them: no negative is further than the positive by less than the margin`,
      hint: 'Begin with a pretrained model (softmax), enlarge the margin, or choose a smaller batch.',
    }),
    example: { images: 7200, batch: 150 },
  },
  tooFewIdentities: {
    meaning: 'The loss compares identities of several images, and the set has fewer than two of them.',
    text: ({ identities }: { readonly identities: number }) => ({
      message: `the set has ${identities} identities with two images or more, expected two at least`,
      hint: 'Choose another set, or a loss with a classifier.',
    }),
    example: { identities: 1 },
  },
  classNotANumber: {
    meaning: 'The content of a file is not what its format allows.',
    code: 'damaged-file',
    text: ({ name, found }: { readonly name: string; readonly found: string }) => ({
      message: `${name} should hold the number of a class, found ${JSON.stringify(found)}`,
      hint: 'A class is an integer from 0 on.',
    }),
    example: { name: '12.cls', found: 'anna' },
  },
  damagedRecord: {
    meaning: 'The content of a file is not what its format allows.',
    code: 'damaged-file',
    text: ({ problem }: { readonly problem: string }) => ({ message: problem }),
    example: { problem: 'record 0 has no two labels' },
  },
  nothingReadable: {
    meaning: 'No record of a packed set can be used, though those that cannot were to be left out.',
    text: ({ dropped, problem }: { readonly dropped: number; readonly problem: string }) => ({
      message: `none of ${dropped} records can be read; of the first: ${problem}`,
      hint: 'Look at the file with flow inspect: it may be of another program, or its property file of another set.',
    }),
    example: { dropped: 12, problem: 'it is 96 x 112, the set 112 x 112' },
  },
  emptySet: {
    meaning: 'A packed set holds no image.',
    text: () => ({
      message: 'the packed set holds no image',
      hint: 'Pack it again, or copy it again: an interrupted packer or download leaves such a file.',
    }),
    example: {},
  },
  emptyRange: {
    meaning: 'The smallest value of an option is larger than its largest one.',
    text: ({ option, smallest, largest, names: [low, high] = ['smallest', 'largest'] }: EmptyRange) => ({
      message: `expected ${option}.${low} to be ${option}.${high} at most, found ${smallest} and ${largest}`,
      hint: 'Exchange the two, or leave one of them out.',
    }),
    example: { option: 'augment.lowResolution', smallest: 0.8, largest: 0.5 },
  },
  indexWithoutFirst: {
    meaning: 'An index does not lead to all records of its .rec file.',
    code: 'damaged-index',
    text: () => ({
      message: 'the .rec file ends with records of identities, but the index has no record 0, which tells their ids',
      hint: 'Delete the .idx file, or write it again: flow index --force.',
    }),
    example: {},
  },
  labelOutOfRange: {
    meaning: 'The label of an image is not one of the identities of its set.',
    text: ({ what, label, identities }: LabelOutOfRange) => ({
      message: `${what} has label ${label}, expected 0 to ${identities - 1} (the set has ${identities} identities)`,
      hint: 'Pack the set again, or correct the first number of its property file.',
    }),
    example: { what: 'image 17', label: 12, identities: 10 },
  },
  oneIdentity: {
    code: 'too-few-identities',
    meaning: 'A training set shows one person only, or none: a loss needs two to tell apart.',
    text: ({ identities }: { readonly identities: number }) => ({
      message: `the training set has ${identities} ${identities === 1 ? 'identity' : 'identities'}, expected two at least: a loss tells them apart`,
      hint: 'Choose a set of several people: flow inspect shows how many it has.',
    }),
    example: { identities: 1 },
  },
  labelTooLarge: {
    meaning: 'A label is larger than packed sets can hold exactly.',
    text: ({ label, max }: { readonly label: number; readonly max: number }) => ({
      message: `expected a label of ${max} (2^24) at most, found ${label}: labels of records are 32-bit floats, which would round it to the label of another identity`,
      hint: 'Number the identities of the list from 0 without gaps.',
    }),
    example: { label: 2 ** 24 + 1, max: 2 ** 24 },
  },
  missingFolder: {
    meaning: 'A file or folder that is needed does not exist.',
    code: 'missing-file',
    text: () => ({ message: 'expected a folder of images, found nothing' }),
    example: {},
  },
  notAFolder: {
    meaning: 'A file is bound where a folder of images has to be.',
    text: ({ archive }: { readonly archive: FoundArchive | undefined }) => ({
      message: `expected a folder of images, found ${archive === undefined ? 'a file' : `an archive (${archive.title})`}`,
      hint:
        archive === undefined
          ? 'Bind the folder that holds the images, in a sub-folder per person.'
          : archive.kind === undefined
            ? 'Unpack it, and bind the folder.'
            : 'Unpack it in a stage of its own, unpacked: { uses: fetch, with: { archives: FILE } }, and bind "${stages.unpacked.outputs.content}".',
    }),
    example: { archive: { kind: 'zip', title: 'zip' } },
  },
  notAPackedSet: {
    code: 'not-a-dataset',
    meaning: 'What is bound as a packed training set is not one.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected a packed training set (a folder with train.rec, train.idx and property), found ${found}`,
      hint: 'The stage face2rec packs images: bind its output dataset.',
    }),
    example: { found: 'a folder of images' },
  },
  missingProperty: {
    meaning: 'A file or folder that is needed does not exist.',
    code: 'missing-file',
    text: () => ({
      message: 'expected a property file beside train.rec, found no file',
      hint: 'It is one line, identities,height,width of the images: write 85742,112,112 into a file named property. flow inspect of the .rec file shows the three numbers; identities is the largest label + 1.',
    }),
    example: {},
  },
  missingRecord: {
    meaning: 'The index of a packed set lacks a record that the set should have.',
    text: ({ id }: { readonly id: number }) => ({
      message: `there is no record ${id}, but record 0 or the size of the set requires one`,
      hint: 'Delete the .idx file if it belongs to another .rec file; otherwise pack the set again.',
    }),
    example: { id: 17 },
  },
  nameNotUtf8: {
    meaning: 'The name of a file is not UTF-8 text.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the name of ${JSON.stringify(name)} in this folder is not UTF-8: it was written on a system with other letters, and cannot be opened by it`,
      hint: 'Rename it: convmv -r -f latin1 -t utf8 --notest FOLDER (or -f gbk, -f cp437).',
    }),
    example: { name: 'Jos\ufffd' },
  },
  namesTwice: {
    meaning: 'Files of a shard have one name.',
    code: 'ambiguous-sample',
    text: ({ names }: { readonly names: readonly string[] }) => ({
      message: `expected a name of its own for every file of a sample, found ${names.join(', ')}`,
      hint: 'Write the shard again with a name per sample.',
    }),
    example: { names: ['12.jpg', '12.jpg'] },
  },
  severalImages: {
    meaning: 'A sample of a shard has several images, and one class.',
    code: 'ambiguous-sample',
    text: ({ names }: { readonly names: readonly string[] }) => ({
      message: `expected one image in every sample, found ${names.join(', ')}`,
      hint: 'The files of a sample follow each other and have one name up to its first dot: 12.jpg, 12.cls.',
    }),
    example: { names: ['12.left.jpg', '12.right.jpg', '12.cls'] },
  },
  sampleWithoutImage: {
    meaning: 'A sample of a shard has no image.',
    text: ({ names }: { readonly names: readonly string[] }) => ({
      message: `expected an image in every sample, found only ${names.join(', ')}`,
      hint: 'The files of a sample follow each other and have one name up to its first dot: 12.jpg, 12.cls.',
    }),
    example: { names: ['12.cls', '12.json'] },
  },
  setTwice: {
    meaning: 'A packed set is bound twice as a part of one training set.',
    text: () => ({
      message: 'this packed set is bound twice: its people would count as other people the second time',
      hint: 'Bind each set once.',
    }),
    example: {},
  },
  indexGap: {
    meaning: 'An index does not lead to all records of its .rec file.',
    code: 'damaged-index',
    text: ({ start, next, bytes }: { readonly start: number; readonly next: number; readonly bytes: number }) => ({
      message:
        next < start
          ? `the index has a record at byte ${next} of the .rec file, which is within another one or comes twice`
          : `the index has no record at byte ${start} of the .rec file, and the next one at ${next} of ${bytes}: lines are missing`,
      hint: 'Delete the .idx file, or write it again: flow index --force.',
    }),
    example: { start: 5500, next: 11_228, bytes: 42_772 },
  },
  otherSize: {
    meaning: 'A property file states another size than the images have.',
    code: 'damaged-property',
    text: ({ stated, found }: { readonly stated: ImageSize; readonly found: ImageSize }) => ({
      message: `it says that the images are ${stated.width} x ${stated.height}, and the first one is ${found.width} x ${found.height}`,
      hint: `Its line is: identities,${found.height},${found.width}.`,
    }),
    example: { stated: { width: 224, height: 224 }, found: { width: 112, height: 112 } },
  },
  shortIndex: {
    meaning: 'An index does not lead to all records of its .rec file.',
    code: 'damaged-index',
    text: ({ records, end, bytes }: { readonly records: number; readonly end: number; readonly bytes: number }) => ({
      message: `the ${records} records of the index end at byte ${end} of the .rec file, which has ${bytes} bytes: the index is cut off, or belongs to another file`,
      hint: 'Delete the .idx file, or write it again: flow index --force.',
    }),
    example: { records: 0, end: 0, bytes: 49_868 },
  },
  tooFewImages: {
    meaning: 'A packed set has fewer images than a batch.',
    text: ({ images, batch }: { readonly images: number; readonly batch: number }) => ({
      message: `the set holds ${images} images, fewer than one batch of ${batch}`,
      hint: 'Choose a smaller batch.',
    }),
    example: { images: 20, batch: 128 },
  },
  tooManyRecords: {
    meaning: 'A packed set would have more records than its index records can number.',
    text: ({ images, identities, largest, max, canOrder }: TooManyRecords) => ({
      message: `${images} images of ${identities} identities need ids up to ${largest}, but the index records hold ids exactly only up to ${max} (2^24): they are 32-bit floats`,
      hint: canOrder
        ? 'Choose order: pictures, which writes no index records, or pack several sets.' // words: quoted
        : 'This stage writes no larger sets. Take fewer images with subset: it has identities and imagesPerIdentity.',
    }),
    example: { images: 17_000_000, identities: 90_000, largest: 17_090_001, max: 2 ** 24, canOrder: true },
  },
  unequalSets: {
    meaning: 'Packed sets that make one training set have images of different sizes.',
    text: ({ size, first }: { readonly size: ImageSize; readonly first: ImageSize & { readonly folder: string } }) => ({
      message: `the images of this set have ${size.width} x ${size.height} pixels, those of ${first.folder} have ${first.width} x ${first.height}`,
      hint: 'A network takes images of one size: pack both sets with the same imageSize.',
    }),
    example: { size: { width: 96, height: 112 }, first: { width: 112, height: 112, folder: 'sets/one' } },
  },
  wrongImageSize: {
    meaning: 'An image of a packed set has another size than its property file states.',
    text: ({ what, found, expected }: WrongImageSize) => ({
      message: `${what} has ${found.width} x ${found.height} pixels, the property file of its set has ${expected.width} x ${expected.height}`,
      hint: 'Pack the set again, or correct height and width in its property file.',
    }),
    example: { what: 'image 17', found: { width: 96, height: 112 }, expected: { width: 112, height: 112 } },
  },
});

interface EmptyRange {
  /** As the user wrote it. */
  readonly option: string;
  readonly smallest: number;
  readonly largest: number;
  /** Of the two, where they are not called smallest and largest. */
  readonly names?: readonly [string, string];
}

interface LabelOutOfRange {
  /** `image 17`. */
  readonly what: string;
  readonly label: number;
  readonly identities: number;
}

interface TooManyRecords {
  readonly images: number;
  readonly identities: number;
  readonly largest: number;
  readonly max: number;
  /** The stage can write a set without index records. */
  readonly canOrder: boolean;
}

interface WrongImageSize {
  /** `image 17`. */
  readonly what: string;
  readonly found: ImageSize;
  readonly expected: ImageSize;
}

import { catalogue } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';

/** What a reader expected, and what is there. */
interface Mismatch {
  readonly expected: string;
  /** Left out if the file says it by its place. */
  readonly found?: string | undefined;
}

function mismatch({ expected, found }: Mismatch): { readonly message: string } {
  return { message: `expected ${expected}${found === undefined ? '' : `, found ${found}`}` };
}

const cutOff = 'Copy or pack the file again; it was probably cut off on the way.';

/** What reading and writing a file of any format can end with. */
export const failures = catalogue({
  badPrototxt: {
    meaning: 'A prototxt has fields that its messages do not have, or values that do not fit them.',
    text: ({ field, expected, found }: Mismatch & { readonly field: string }) => ({
      message: `${field} must be ${expected}, found ${found ?? 'nothing'}`,
    }),
    example: { field: 'pad', expected: 'an integer', found: '"two"' },
  },
  damagedFile: {
    meaning: 'The content of a file is not what its format allows.',
    text: ({ problem }: { readonly problem: string }) => ({ message: problem }),
    example: { problem: 'a record should start with 0xced7230a, found 0x0' },
  },
  strangeLabels: {
    meaning: 'The labels of an image in a .rec file are not those of a face.',
    code: 'damaged-file',
    text: ({ labels }: { readonly labels: readonly number[] }) => ({
      message: `expected a class (a whole number from 0 on), and after it at most whether the image is aligned (0 or 1), found ${labels.slice(0, 8).join(', ')}${labels.length > 8 ? ' ...' : ''}`,
      hint:
        Number.isInteger(labels[0]) && Number(labels[0]) >= 0
          ? 'The stages relabel, subset, split and merge leave the other labels out with "labels: class".'
          : undefined,
    }),
    example: { labels: [3, 34, 1] },
  },
  damagedGraphModel: {
    meaning: 'A model.json of TensorFlow.js does not describe a graph and its weights.',
    text: mismatch,
    example: { expected: 'modelTopology.node to be a list' },
  },
  layersModel: {
    meaning: 'A model of TensorFlow.js is kept as layers of Keras, and not as a graph.',
    text: () => ({
      message: 'expected a graph model of TensorFlow.js, found a layers model',
      hint: 'Convert it with tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model, or convert what it was made of.',
    }),
    example: {},
  },
  damagedIndex: {
    meaning: 'A line of an index of records is not an id and an offset.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected "id <tab> byte offset", ${found}`,
      hint: 'Delete the .idx file: it is rebuilt from the .rec file.',
    }),
    example: { found: 'found "x"' },
  },
  damagedJson: {
    meaning: 'A file that should be JSON is not.',
    text: ({ error }: { readonly error: string }) => ({ message: `it is not JSON (${error})` }),
    example: { error: 'Unexpected end of JSON input' },
  },
  damagedList: {
    meaning: 'A line of a list is not what lists of its kind hold.',
    text: mismatch,
    example: { expected: '"name images"', found: '"anna"' },
  },
  damagedManifest: {
    meaning: 'A manifest of weights does not describe arrays and the files next to it.',
    text: mismatch,
    example: { expected: '[0].paths to be a list of names' },
  },
  damagedProperty: {
    meaning: 'A property file does not hold identities, height and width.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected "identities,height,width" such as 85742,112,112, found ${JSON.stringify(found)}`,
    }),
    example: { found: '85742' },
  },
  notACfpSplit: {
    meaning: 'A folder that is bound as a protocol is not a split of CFP.',
    text: () => ({
      message: 'expected a split of CFP: a folder FF or FP with the folders 01 to 10 of same.txt and diff.txt',
      hint: 'Bind Protocol/Split/FF or Protocol/Split/FP of the set as it is published; Pair_list_F.txt and Pair_list_P.txt are beside Split.',
    }),
    example: {},
  },
  damagedProtocol: {
    meaning: 'A protocol of pairs is not as its kind of protocol is.',
    text: mismatch,
    example: { expected: '"folds pairs" such as "10 300"', found: '"pairs"' },
  },
  damagedSymbol: {
    meaning: 'An MXNet symbol is not a graph of nodes.',
    text: ({ expected }: { readonly expected: string }) => ({ message: `expected ${expected}` }),
    example: { expected: 'a list "nodes"' },
  },
  fileTooLarge: {
    meaning: 'A file is larger than what is read at once.',
    text: ({ what, size, max }: { readonly what: string; readonly size: number; readonly max: number }) => ({
      message: `expected a ${what} of less than ${humanBytes(max)}, since it is read at once; found one of ${humanBytes(size)}`,
      hint: 'Split it into several files.',
    }),
    example: { what: 'verification set', size: 3e9, max: 2 ** 31 - 1 },
  },
  missingFile: {
    meaning: 'A file or folder that is needed does not exist.',
    text: ({ what }: { readonly what: string }) => ({ message: `expected a ${what}, found no file` }),
    example: { what: 'property file' },
  },
  notAFile: {
    meaning: 'A path that should name a file names something else.',
    text: ({ what }: { readonly what: string }) => ({
      message: `expected a ${what}, found something that is not a file`,
    }),
    example: { what: 'property file' },
  },
  notAVerificationSet: {
    meaning: 'A pickle does not hold images and whether they show the same person.',
    text: ({ problem }: { readonly problem: string }) => ({ message: problem }),
    example: { problem: '10 pairs need 20 images, found 19' },
  },
  notText: {
    meaning: 'A file that should be text is not.',
    text: () => ({ message: 'it is not UTF-8 text' }),
    example: {},
  },
  prototxtSyntax: {
    meaning: 'A prototxt is not in the text form of protocol buffers.',
    text: mismatch,
    example: { expected: 'a comma or ]', found: '"}"' },
  },
  quantizedWeights: {
    meaning: 'A manifest of weights does not describe arrays and the files next to it.',
    code: 'damaged-manifest',
    text: ({ name, type }: { readonly name: string; readonly type: string }) => ({
      message: `expected the elements of "${name}" to be float32, int32, uint8 or uint16, found ${type}`,
      hint: 'Export the model without quantization, or with one of these.',
    }),
    example: { name: 'conv1/filters', type: 'int4' },
  },
  recordTooLong: {
    meaning: 'An image does not fit in a record.',
    text: ({ length, max }: { readonly length: number; readonly max: number }) => ({
      message: `expected a record of ${max} bytes (512 MiB) at most, as much as the format can hold, found one of ${length}`,
      hint: 'Store the image with fewer pixels or as a JPEG.',
    }),
    example: { length: 2 ** 30, max: 2 ** 29 - 1 },
  },
  refusedImport: {
    meaning: 'A pickle would run code if Python loaded it; only data is read.',
    code: 'pickle-refused',
    text: ({ name }: { readonly name: string }) => ({
      message: `it asks Python to import ${name}; only data is read, so this is refused`,
    }),
    example: { name: 'posix.system' },
  },
  refusedOpcode: {
    meaning: 'A pickle would run code if Python loaded it; only data is read.',
    code: 'pickle-refused',
    text: ({ name }: { readonly name: string }) => ({
      message: `opcode ${name} would run code; only data is read, so this is refused`,
    }),
    example: { name: 'INST' },
  },
  repeatedIds: {
    meaning: 'Records of a .rec file have equal ids, and their order does not tell others.',
    text: () => ({
      message:
        'several records have the same id, and the index record does not stand after the images: which id each had in the index cannot be told',
      hint: 'Bring back the .idx file that was written with this .rec file, or pack the set again.',
    }),
    example: {},
  },
  truncatedFile: {
    meaning: 'A file ends before what its header promises.',
    text: ({ what, needed, left }: { readonly what: string; readonly needed: number; readonly left: number }) => ({
      message: `the file ends too early: ${what} needs ${needed} bytes, ${left} are left`,
      hint: cutOff,
    }),
    example: { what: 'the header of an array', needed: 118, left: 10 },
  },
  truncatedMessage: {
    meaning: 'A file ends before what its header promises.',
    code: 'truncated-file',
    text: () => ({
      message: 'a field continues beyond the end of its message; the file is cut off or overwritten',
    }),
    example: {},
  },
  truncatedRecord: {
    meaning: 'A file ends before what its header promises.',
    code: 'truncated-file',
    text: ({ needed, left }: { readonly needed: number; readonly left: number }) => ({
      message: `the file ends inside this record, which needs ${needed} bytes after its header; ${left} are left`,
      hint: cutOff,
    }),
    example: { needed: 4096, left: 1000 },
  },
  truncatedShards: {
    meaning: 'A file ends before what its header promises.',
    code: 'truncated-file',
    text: ({ name, shape, end, length }: TruncatedShards) => ({
      message: `the shards end too early: "${name}" of shape ${shape.join(' x ')} ends at byte ${end}, they have ${length}`,
      hint: 'Copy the shards again; they are named in the manifest.',
    }),
    example: { name: 'conv1/filters', shape: [3, 3, 3, 32], end: 3456, length: 3000 },
  },
  unreadEntry: {
    meaning: 'An entry of an archive is stored in a way that is not read here.',
    code: 'unsupported-entry',
    text: ({ name, problem }: { readonly name: string; readonly problem: string }) => ({
      message: `${name} ${problem}, which is not read`,
      hint: 'Unpack it with another program (7z, unzip, tar), and use the folder.',
    }),
    example: { name: 'lfw/anna.jpg', problem: 'is encrypted' },
  },
  nameNotUtf8: {
    meaning: 'The name of a file is not UTF-8 text.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the name of the entry ${JSON.stringify(name)} is not UTF-8; which letters it means cannot be told`,
      hint: 'Unpack it with tar, rename the files with convmv -r -f latin1 -t utf8 --notest FOLDER, and use the folder.',
    }),
    example: { name: 'Jos\ufffd' },
  },
  unknownField: {
    meaning: 'A prototxt has fields that its messages do not have, or values that do not fit them.',
    code: 'bad-prototxt',
    text: ({ message, field, known }: UnknownField) => ({
      message: `${message} has no field "${field}"`,
      suggest: { name: field, known },
    }),
    example: { message: 'PoolingParameter', field: 'strid', known: ['stride', 'pad'] },
  },
  unknownFold: {
    meaning: 'A fold was chosen that its protocol does not have.',
    text: ({ fold, folds }: { readonly fold: number; readonly folds: number }) => ({
      message: `fold ${fold} was asked for, but the protocol has folds 1 to ${folds}`,
    }),
    example: { fold: 11, folds: 10 },
  },
});

interface TruncatedShards {
  /** The array that is cut off. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes that the arrays take up to its end. */
  readonly end: number;
  /** Bytes of the shards. */
  readonly length: number;
}

interface UnknownField {
  /** Name of the message in Caffe's schema. */
  readonly message: string;
  readonly field: string;
  readonly known: readonly string[];
}

import { isTorchScript } from './torch/torch-archive.ts';
import { torchMagic } from './torch/legacy-checkpoint.ts';

/** A kind of file that is told from others, and not read here. */
export interface UnreadFile {
  /** Kebab-case, unique. */
  readonly name: string;
  /** For people, singular: `PyTorch checkpoint (.pt, .pth)`. */
  readonly title: string;
  readonly summary: string;
  /** What to do with it. */
  readonly remedy: string;
}

const torchScript: UnreadFile = {
  name: 'torch-script',
  title: 'TorchScript program (.pt)',
  summary: 'A network as code and weights, as torch.jit.save writes it.',
  remedy: 'It is not read here: torch.onnx.export(torch.jit.load(file), images, "model.onnx") writes a model that is.',
};

const pickle: UnreadFile = {
  name: 'pickle',
  title: 'Python pickle',
  summary: 'Objects of a Python program.',
  remedy: 'Of pickles only verification sets are read, pairs of lists. Save arrays by numpy.savez.',
};

interface Sign extends UnreadFile {
  /** Whether a file that begins so is one. */
  readonly begins: (head: Buffer) => boolean;
}

const isText = (head: Buffer, offset: number, text: string): boolean =>
  head.subarray(offset, offset + text.length).toString('latin1') === text;

/** The first operation of a pickle that a program has to be asked for: what is not a list, a tuple or a number. */
function firstOperation(head: Buffer): Buffer {
  const isFramed = head[2] === 0x95;
  return head.subarray(isFramed ? 11 : 2);
}

/** In the order of trying: the more telling signs first. */
const signs: readonly Sign[] = [
  { ...torchScript, begins: isTorchScript },
  {
    name: 'hdf5',
    title: 'HDF5 file (.h5, .hdf5)',
    summary: 'Arrays in folders; Keras keeps networks so, MATLAB since version 7.3 its variables.',
    remedy: 'It is not read here. tf2onnx writes a network of Keras as .onnx.',
    begins: (head) => isText(head, 0, '\u0089HDF\r\n\u001a\n'),
  },
  {
    name: 'tflite',
    title: 'TensorFlow Lite model (.tflite)',
    summary: 'A network for phones.',
    remedy: 'It is not read here. tf2onnx --tflite writes it as .onnx.',
    begins: (head) => isText(head, 4, 'TFL3'),
  },
  {
    name: 'ncnn',
    title: 'ncnn network (.param)',
    summary: 'The layers of a network for phones; its weights are in a .bin.',
    remedy: 'It is not read here: convert what it was made of, mostly .onnx or .caffemodel.',
    begins: (head) => isText(head, 0, '7767517\n') || isText(head, 0, '7767517\r'),
  },
  { ...pickle, begins: isOtherPickle },
];

/** Dictionaries, and objects of classes other than NumPy's: no verification set begins so. */
function isOtherPickle(head: Buffer): boolean {
  const [proto, version = 0] = head;
  if (proto !== 0x80 || version < 2 || version > 5) return false;
  const first = firstOperation(head);
  if (first.subarray(0, torchMagic.length).equals(torchMagic)) return false;
  const operation = String.fromCharCode(first[0] ?? 0);
  if (operation === 'c') return !isText(first, 1, 'numpy');
  if (operation === '\u008c') return !isText(first, 2, 'numpy');
  return !['(', ']', ')'].includes(operation);
}

/** The kind of a file that begins with these bytes (up to 4096), if it is one that is known and not read. */
export function unreadFile(head: Uint8Array): UnreadFile | undefined {
  const bytes = Buffer.from(head);
  const found = signs.find(({ begins }) => begins(bytes));
  if (found === undefined) return undefined;
  const { name, title, summary, remedy } = found;
  return { name, title, summary, remedy };
}

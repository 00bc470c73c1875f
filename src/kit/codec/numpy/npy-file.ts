import type { FileFormat } from '../codec.ts';
import { Cursor } from '../cursor.ts';
import { decodeNpy, type NpyArray } from './npy.ts';
import { readPickledArrays } from '../pickle/pickled-arrays.ts';
import type { ShardArray } from '../tfjs/weight-shards.ts';

/** One array, or, as old converters of Caffe networks left them, a pickled dictionary of arrays by `<layer>/<array>`. */
export type NpyContent =
  | { readonly kind: 'array'; readonly array: NpyArray }
  | { readonly kind: 'dictionary'; readonly arrays: ReadonlyMap<string, ShardArray> };

export const npyFile: FileFormat<NpyContent> = {
  name: 'npy',
  title: 'NumPy array (.npy)',
  summary: 'One array as numpy.save writes it, or the weights of a network by layer.',
  endings: ['.npy'],
  sniff: (head) => Buffer.from(head.subarray(0, 6)).toString('latin1') === '\x93NUMPY',
  decode(cursor) {
    const start = cursor.offset;
    const bytes = cursor.take(cursor.remaining, 'an array');
    const again = new Cursor(bytes, cursor.file, start);
    // The header says `|O` where the content is an object, that is a pickle; it is 118 bytes long as numpy writes it.
    return Buffer.from(bytes.subarray(0, 256)).includes("'|O'")
      ? { kind: 'dictionary', arrays: readPickledArrays(again) }
      : { kind: 'array', array: decodeNpy(again) };
  },
};

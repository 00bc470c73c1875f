import { describeNet } from './layers-of-net.ts';
import type { NetParameter } from './schema.ts';
import { wireSchemaOf } from './wire-schema.ts';
import type { Codec } from '../codec.ts';
import { decodeMessage, encodeMessage } from '../protobuf/messages.ts';

/**
 * Caffe's weights: a NetParameter in the binary form of protocol buffers (Caffe, `Net::ToProto` and `WriteProtoToBinaryFile`).
 * Weights are views of the file's bytes. Fields that are not part of {@link NetParameter} here are passed over, so what is written again is
 * the network and its weights, without what only training needs.
 */
export const caffemodel: Codec<NetParameter> = {
  name: 'caffemodel',
  title: 'Caffe weights (.caffemodel)',
  summary: 'The layers of a network with their weights as Caffe saves them.',
  endings: ['.caffemodel'],
  sniff: (head) => startsAsNet(head),
  decode: (cursor) => decodeMessage(wireSchemaOf('NetParameter'), cursor),
  describe(cursor) {
    return describeNet(caffemodel.decode(cursor));
  },
  encode: (net) => encodeMessage(wireSchemaOf('NetParameter'), net),
};

/** An optional name in printable letters, then a layer (field 100 or 2) or an input (field 3). */
function startsAsNet(head: Uint8Array): boolean {
  let at = 0;
  if (head[0] === 0x0a) {
    const length = head[1] ?? 0;
    if (length > 127 || !head.subarray(2, 2 + length).every((byte) => byte >= 0x20 && byte < 0x7f)) return false;
    at = 2 + length;
  }
  const startsLayer = head[at] === 0xa2 && head[at + 1] === 0x06;
  const startsLayerV1 = head[at] === 0x12 && at > 0;
  const startsInput = head[at] === 0x1a && at > 0;
  return startsLayer || startsLayerV1 || startsInput;
}

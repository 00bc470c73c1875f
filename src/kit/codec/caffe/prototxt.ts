import type { Codec } from '../codec.ts';
import { describeNet } from './layers-of-net.ts';
import { netOfText } from './net-text.ts';
import { parseProtobufText, renderProtobufText, type TextMessage } from '../protobuf/protobuf-text.ts';

/** A field that Caffe's NetParameter begins with, after comments. */
const opening =
  /^(?:\s|#[^\n]*\n)*(?:name\s*:\s*(?:"[^"\n]*"|'[^'\n]*')(?:[;,\s]|#[^\n]*\n)+)?(?:layers?\s*\{|input\s*:\s*["']|input_(?:dim|shape)\b|state\s*\{|force_backward\s*:)/;

/** Caffe's network definition as text: a NetParameter; what its fields mean is the business of caffe/net-text.ts. */
export const prototxt: Codec<TextMessage> = {
  name: 'prototxt',
  title: 'Caffe network (.prototxt)',
  summary: 'The graph of a network as Caffe reads it, in the text form of protocol buffers.',
  endings: ['.prototxt'],
  sniff: (head, fileName) => fileName.endsWith('.prototxt') || opening.test(Buffer.from(head).toString('latin1')),
  decode: parseProtobufText,
  describe(cursor) {
    return describeNet(netOfText(prototxt.decode(cursor), cursor.file));
  },
  encode: (message) => Buffer.from(renderProtobufText(message)),
};

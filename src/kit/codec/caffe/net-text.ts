import { failures } from '../failures.ts';
import { type Failure, type FailureLocation, throwIfAny } from '../../../core/failure.ts';
import type { TextField, TextMessage, TextPosition, TextScalar } from '../protobuf/protobuf-text.ts';
import {
  type AnyFieldRule,
  type AnyMessage,
  type AnyValue,
  type EnumName,
  fieldsOf,
  isEnumName,
  isMessageName,
  type MessageName,
  type NetParameter,
  wordsOf,
} from './schema.ts';

/** Messages that have fields this schema leaves out, which are passed over. In all others a strange field is a mistake. */
const openMessages: readonly MessageName[] = [
  'NetParameter',
  'LayerParameter',
  'V1LayerParameter',
  'TransformationParameter',
];

/** Reads a parsed prototxt by Caffe's schema. Fails with `bad-prototxt`, naming every place. */
export function netOfText(text: TextMessage, file: string): NetParameter {
  const reading = new NetReader(file);
  // The schema that decides what is read is the one that NetParameter is made of.
  const net = reading.message('NetParameter', text) as NetParameter;
  reading.finish();
  return net;
}

class NetReader {
  readonly #file: string;
  readonly #failures: Failure[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  finish(): void {
    throwIfAny(this.#failures);
  }

  message(name: MessageName, text: TextMessage): AnyMessage {
    const rules = fieldsOf(name);
    const values = new Map<string, AnyValue | AnyValue[]>();
    for (const field of text.fields) {
      const rule = rules[field.name];
      if (rule === undefined) {
        this.#unknown(name, field);
        continue;
      }
      const value = this.#value(field, rule);
      if (value === undefined) continue;
      const list = values.get(field.name);
      if (!rule.many) values.set(field.name, value);
      else if (Array.isArray(list)) list.push(value);
      else values.set(field.name, [value]);
    }
    return Object.fromEntries(values);
  }

  #unknown(name: MessageName, field: TextField): void {
    if (openMessages.includes(name)) return;
    const facts = { message: name, field: field.name, known: Object.keys(fieldsOf(name)) };
    this.#failures.push(failures.unknownField(facts, this.#placeOf(field)));
  }

  /** Undefined where the text is wrong, which has been reported then. */
  #value(field: TextField, { type }: AnyFieldRule): AnyValue | undefined {
    const value = isMessageName(type) ? this.#nested(type, field.value) : scalarOf(field.value, type);
    if (value === undefined) {
      const found = 'fields' in field.value ? 'a message' : JSON.stringify(field.value.text);
      const facts = { field: field.name, expected: expectation(type), found };
      this.#failures.push(failures.badPrototxt(facts, this.#placeOf(field)));
    }
    return value;
  }

  #nested(name: MessageName, value: TextScalar | TextMessage): AnyMessage | undefined {
    return 'fields' in value ? this.message(name, value) : undefined;
  }

  #placeOf({ name, position }: TextField): FailureLocation {
    return { file: this.#file, ...position, length: name.length };
  }
}

/** Undefined for what is not a value of that type; weights are in the binary file only. */
function scalarOf(value: TextScalar | TextMessage, type: AnyFieldRule['type']): AnyValue | undefined {
  if ('fields' in value) return undefined;
  const { kind, text } = value;
  if (type === 'string') return kind === 'text' ? text : undefined;
  if (type === 'bool') return boolOf(text);
  if (isEnumName(type)) return wordOf(text, type);
  if (type === 'float') return numberOf(text);
  if (type === 'integer') return Number.isSafeInteger(Number(text)) && kind === 'number' ? Number(text) : undefined;
  return undefined;
}

function boolOf(text: string): boolean | undefined {
  if (['true', 'True', 't', '1'].includes(text)) return true;
  return ['false', 'False', 'f', '0'].includes(text) ? false : undefined;
}

/** By its word, or by its number. */
function wordOf(text: string, type: EnumName): string | undefined {
  const words = wordsOf(type);
  if (Object.hasOwn(words, text)) return text;
  return Object.entries(words).find(([, code]) => String(code) === text)?.[0];
}

function numberOf(text: string): number | undefined {
  const value = Number(text.replace(/f$/i, ''));
  return Number.isFinite(value) ? value : undefined;
}

function expectation(type: AnyFieldRule['type']): string {
  if (isMessageName(type)) return 'a message in { }';
  if (isEnumName(type)) return `one of ${Object.keys(wordsOf(type)).slice(0, 12).join(', ')}`;
  if (type === 'integer') return 'an integer';
  if (type === 'float') return 'a finite number';
  if (type === 'bool') return 'true or false';
  return type === 'string' ? 'a quoted string' : 'left out: weights are in the .caffemodel';
}

/** A network definition as text, without weights; fields in the order of the schema. */
export function textOfNet(net: NetParameter): TextMessage {
  return textOfMessage('NetParameter', net);
}

function textOfMessage(name: MessageName, message: AnyMessage): TextMessage {
  const fields = Object.entries(fieldsOf(name)).flatMap(([field, rule]) => {
    const value = message[field];
    if (value === undefined || field === 'blobs') return [];
    return listOf(value).map((item): TextField => {
      return { name: field, value: textOfValue(rule.type, item), position: nowhere };
    });
  });
  return { fields };
}

/** Of texts that are made here. */
const nowhere: TextPosition = { line: 1, column: 1 };

function listOf(value: AnyValue | readonly AnyValue[]): readonly AnyValue[] {
  return Array.isArray(value) ? (value as readonly AnyValue[]) : [value as AnyValue];
}

/** Weights (`floats`) are not written as text. */
function textOfValue(type: AnyFieldRule['type'], value: AnyValue): TextScalar | TextMessage {
  if (typeof value === 'object') {
    return value instanceof Float32Array || !isMessageName(type) ? { fields: [] } : textOfMessage(type, value);
  }
  if (type === 'string') return { kind: 'text', text: String(value) };
  if (type === 'float') return { kind: 'number', text: shortestFloat(Number(value)) };
  return { kind: typeof value === 'number' ? 'number' : 'word', text: String(value) };
}

/** The fewest digits that round to the same float32. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits <= 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(value);
}

import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Cursor } from '../cursor.ts';
import { callGlobal, isKind, type Place, setState, type PickleValue } from './pickle-values.ts';

/*
 * Python pickles, protocols 0 to 5, read as data (opcodes: CPython, Lib/pickletools.py). The machine below has a
 * stack and a memo like Python's, but it has no way to import or call: the few names that numpy arrays and byte
 * strings need are known by spelling and become plain values (pickle-values.ts); every other name, and every opcode
 * that would make an instance of something, is refused with its name and offset.
 */
/**
 * Reads the pickle at the cursor, up to its STOP. Names and instances other than numpy's are refused with
 * `pickle-refused` unless `objects` takes them.
 */
export function decodePickle(cursor: Cursor, objects?: PickleObjects): PickleValue {
  return new PickleMachine(cursor, objects).run();
}

/** What a reader makes of names and instances that are not numpy's: other data. Nothing of it is looked up or called. */
export interface PickleObjects {
  /** Whether the name may stand in the pickle; it is refused otherwise. */
  allows(module: string, name: string): boolean;
  /** What `callee(*args)`, a call or the making of an instance, is as data. */
  made(callee: PickleValue, args: readonly PickleValue[], place: Place): PickleValue;
  /** What is kept outside of the pickle under `id`. */
  kept(id: PickleValue, place: Place): PickleValue;
}

/** A value can take a hundred bytes of memory and one of the file; sets of a hundred thousand pairs have a million. */
const maxValues = 2 ** 22;

const mark = Symbol('mark');
type Slot = PickleValue | typeof mark;

interface Opcode {
  readonly name: string;
  readonly run: (machine: PickleMachine, cursor: Cursor, at: number) => void;
}

class PickleMachine {
  readonly #cursor: Cursor;
  readonly #objects: PickleObjects | undefined;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #pushed = 0;

  constructor(cursor: Cursor, objects: PickleObjects | undefined) {
    this.#cursor = cursor;
    this.#objects = objects;
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#cursor.offset;
      const code = this.#cursor.u8('an opcode');
      if (code === stop) return this.pop(at);
      const opcode = opcodes.get(code) ?? (this.#objects === undefined ? undefined : objectOpcodes.get(code));
      if (opcode === undefined) this.#refuse(code, at);
      opcode.run(this, this.#cursor, at);
    }
  }

  push(value: PickleValue): void {
    this.#pushed += 1;
    if (this.#pushed > maxValues) {
      this.damaged(`it holds more than the ${maxValues} values that are read`, this.#cursor.offset);
    }
    this.#stack.push(value);
  }

  pushMark(): void {
    this.#stack.push(mark);
  }

  pop(at: number): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) return this.damaged('a value is missing on the stack', at);
    return value;
  }

  top(at: number): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) return this.damaged('a value is missing on the stack', at);
    return value;
  }

  /** Takes off everything above the last mark, and the mark. */
  popToMark(at: number): PickleValue[] {
    const start = this.#stack.lastIndexOf(mark);
    if (start < 0) this.damaged('a mark is missing on the stack', at);
    const values = this.#stack.splice(start).filter((slot) => slot !== mark);
    return values;
  }

  popMaybeMark(at: number): void {
    if (this.#stack.pop() === undefined) this.damaged('the stack is empty', at);
  }

  append(values: readonly PickleValue[], at: number): void {
    const list = this.top(at);
    if (isKind(list, 'object')) return;
    if (!isKind(list, 'list')) return this.damaged('expected a list to append to', at);
    for (const value of values) list.items.push(value);
  }

  setItems(values: readonly PickleValue[], at: number): void {
    const top = this.top(at);
    const dict = isKind(top, 'object') ? top.content : top;
    if (!isKind(dict, 'dict') || values.length % 2 !== 0) return this.damaged('expected a dictionary and pairs', at);
    for (let index = 0; index < values.length; index += 2) {
      dict.entries.push([values[index] ?? null, values[index + 1] ?? null]);
    }
  }

  put(index: number, at: number): void {
    this.#memo.set(index, this.top(at));
  }

  memoize(at: number): void {
    this.put(this.#memo.size, at);
  }

  get(index: number, at: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.damaged(`nothing was remembered under number ${index}`, at);
    this.push(value);
  }

  global(module: string, name: string, at: number): void {
    if (!knownGlobals.has(`${module} ${name}`) && this.#objects?.allows(module, name) !== true) {
      fail(failures.refusedImport({ name: `${module}.${name}` }, this.#cursor.at(at)));
    }
    this.push({ type: 'global', module, name });
  }

  /** What a call, or the making of an instance, is as data. */
  make(callee: PickleValue, args: readonly PickleValue[], at: number): void {
    const place = { cursor: this.#cursor, at };
    const isKnown = isKind(callee, 'global') && knownGlobals.has(`${callee.module} ${callee.name}`);
    if (isKnown) this.push(callGlobal(callee, args, place));
    else this.push(this.#objects?.made(callee, args, place) ?? this.damaged('expected a name and its arguments', at));
  }

  kept(id: PickleValue, at: number): void {
    this.push(this.#objects?.kept(id, { cursor: this.#cursor, at }) ?? null);
  }

  build(state: PickleValue, at: number): void {
    const value = this.top(at);
    if (isKind(value, 'object')) value.state = state;
    // Others have attributes beside what they hold, which say nothing: the versions of modules in a state_dict.
    else if (this.#objects === undefined || isKind(value, 'array') || isKind(value, 'global')) {
      setState(value, state, { cursor: this.#cursor, at });
    }
  }

  damaged(message: string, at: number): never {
    this.#cursor.damaged(message, at);
  }

  #refuse(code: number, at: number): never {
    const unread = unreadOpcodes.get(code);
    if (unread !== undefined) {
      this.damaged(
        `opcode ${unread} makes a set, which is not read: expected lists, tuples, arrays and byte strings`,
        at,
      );
    }
    const name = refusedOpcodes.get(code);
    if (name === undefined) this.damaged(`byte 0x${code.toString(16).padStart(2, '0')} is not a pickle opcode`, at);
    fail(failures.refusedOpcode({ name }, this.#cursor.at(at)));
  }
}

/** Names that stand for data. numpy 2 renamed numpy.core to numpy._core. */
const knownGlobals = new Set([
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray _reconstruct',
  'numpy.core.multiarray scalar',
  'numpy._core.multiarray scalar',
  'numpy.core.numeric _frombuffer',
  'numpy._core.numeric _frombuffer',
  'numpy ndarray',
  'numpy dtype',
  '_codecs encode',
  '__builtin__ bytes',
  'builtins bytes',
  '__builtin__ bytearray',
  'builtins bytearray',
]);

const stop = 0x2e;

/** Opcodes that import, call or make instances; named for the failure. */
const refusedOpcodes = new Map<number, string>([
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x50, 'PERSID'],
  [0x51, 'BINPERSID'],
  [0x81, 'NEWOBJ'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x92, 'NEWOBJ_EX'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

const highestProtocol = 5;

/** Of protocol 4. */
const unreadOpcodes: ReadonlyMap<number, string> = new Map([
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
]);

const opcodes: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  // Frame and stack.
  opcode(0x80, 'PROTO', (machine, cursor, at) => {
    const protocol = cursor.u8('the protocol');
    if (protocol > highestProtocol) machine.damaged(`pickle protocol ${protocol} is unknown, expected 0 to 5`, at);
  }),
  opcode(0x95, 'FRAME', (_machine, cursor) => {
    cursor.expectItems(cursor.u64('a frame length'), 1, 'a frame');
  }),
  opcode(0x28, 'MARK', (machine) => {
    machine.pushMark();
  }),
  opcode(0x30, 'POP', (machine, _cursor, at) => {
    machine.popMaybeMark(at);
  }),
  opcode(0x31, 'POP_MARK', (machine, _cursor, at) => {
    machine.popToMark(at);
  }),
  opcode(0x32, 'DUP', (machine, _cursor, at) => {
    machine.push(machine.top(at));
  }),
  // Memo.
  opcode(0x70, 'PUT', (machine, cursor, at) => {
    machine.put(wholeNumberLine(cursor, at), at);
  }),
  opcode(0x71, 'BINPUT', (machine, cursor, at) => {
    machine.put(cursor.u8('a memo number'), at);
  }),
  opcode(0x72, 'LONG_BINPUT', (machine, cursor, at) => {
    machine.put(cursor.u32('a memo number'), at);
  }),
  opcode(0x94, 'MEMOIZE', (machine, _cursor, at) => {
    machine.memoize(at);
  }),
  opcode(0x67, 'GET', (machine, cursor, at) => {
    machine.get(wholeNumberLine(cursor, at), at);
  }),
  opcode(0x68, 'BINGET', (machine, cursor, at) => {
    machine.get(cursor.u8('a memo number'), at);
  }),
  opcode(0x6a, 'LONG_BINGET', (machine, cursor, at) => {
    machine.get(cursor.u32('a memo number'), at);
  }),
  // Atoms.
  opcode(0x4e, 'NONE', (machine) => {
    machine.push(null);
  }),
  opcode(0x88, 'NEWTRUE', (machine) => {
    machine.push(true);
  }),
  opcode(0x89, 'NEWFALSE', (machine) => {
    machine.push(false);
  }),
  opcode(0x49, 'INT', (machine, cursor, at) => {
    machine.push(integerLine(cursor, at));
  }),
  opcode(0x4a, 'BININT', (machine, cursor) => {
    machine.push(cursor.i32('a number'));
  }),
  opcode(0x4b, 'BININT1', (machine, cursor) => {
    machine.push(cursor.u8('a number'));
  }),
  opcode(0x4d, 'BININT2', (machine, cursor) => {
    machine.push(cursor.u16('a number'));
  }),
  opcode(0x4c, 'LONG', (machine, cursor, at) => {
    machine.push(integerLine(cursor, at));
  }),
  opcode(0x8a, 'LONG1', (machine, cursor) => {
    machine.push(longValue(cursor.take(cursor.u8('a length'), 'a number')));
  }),
  opcode(0x8b, 'LONG4', (machine, cursor, at) => {
    const length = cursor.u32('a length');
    if (length > 64) machine.damaged(`a number of ${length} bytes`, at);
    machine.push(longValue(cursor.take(length, 'a number')));
  }),
  opcode(0x46, 'FLOAT', (machine, cursor, at) => {
    const value = Number(lineText(cursor));
    if (Number.isNaN(value)) machine.damaged('expected a number', at);
    machine.push(value);
  }),
  opcode(0x47, 'BINFLOAT', (machine, cursor) => {
    machine.push(cursor.f64('a number', false));
  }),
  // Byte strings; those of Python 2 (STRING, BINSTRING, SHORT_BINSTRING) included.
  opcode(0x53, 'STRING', (machine, cursor, at) => {
    machine.push(quotedBytes(cursor, at));
  }),
  opcode(0x54, 'BINSTRING', (machine, cursor, at) => {
    const length = cursor.i32('a length');
    if (length < 0) machine.damaged(`a string of ${length} bytes`, at);
    machine.push(cursor.take(length, 'a string'));
  }),
  opcode(0x55, 'SHORT_BINSTRING', (machine, cursor) => {
    machine.push(cursor.take(cursor.u8('a length'), 'a string'));
  }),
  opcode(0x42, 'BINBYTES', (machine, cursor) => {
    machine.push(cursor.take(cursor.u32('a length'), 'bytes'));
  }),
  opcode(0x43, 'SHORT_BINBYTES', (machine, cursor) => {
    machine.push(cursor.take(cursor.u8('a length'), 'bytes'));
  }),
  opcode(0x8e, 'BINBYTES8', (machine, cursor) => {
    machine.push(cursor.take(cursor.u64('a length'), 'bytes'));
  }),
  opcode(0x96, 'BYTEARRAY8', (machine, cursor) => {
    machine.push(cursor.take(cursor.u64('a length'), 'bytes'));
  }),
  // Text.
  opcode(0x56, 'UNICODE', (machine, cursor) => {
    machine.push(rawUnicode(lineText(cursor)));
  }),
  opcode(0x58, 'BINUNICODE', (machine, cursor) => {
    machine.push(cursor.text(cursor.u32('a length'), 'text'));
  }),
  opcode(0x8c, 'SHORT_BINUNICODE', (machine, cursor) => {
    machine.push(cursor.text(cursor.u8('a length'), 'text'));
  }),
  opcode(0x8d, 'BINUNICODE8', (machine, cursor) => {
    machine.push(cursor.text(cursor.u64('a length'), 'text'));
  }),
  // Collections.
  opcode(0x5d, 'EMPTY_LIST', (machine) => {
    machine.push({ type: 'list', items: [] });
  }),
  opcode(0x6c, 'LIST', (machine, _cursor, at) => {
    machine.push({ type: 'list', items: machine.popToMark(at) });
  }),
  opcode(0x61, 'APPEND', (machine, _cursor, at) => {
    const value = machine.pop(at);
    machine.append([value], at);
  }),
  opcode(0x65, 'APPENDS', (machine, _cursor, at) => {
    const values = machine.popToMark(at);
    machine.append(values, at);
  }),
  opcode(0x29, 'EMPTY_TUPLE', (machine) => {
    machine.push({ type: 'tuple', items: [] });
  }),
  opcode(0x74, 'TUPLE', (machine, _cursor, at) => {
    machine.push({ type: 'tuple', items: machine.popToMark(at) });
  }),
  opcode(0x85, 'TUPLE1', (machine, _cursor, at) => {
    machine.push({ type: 'tuple', items: [machine.pop(at)] });
  }),
  opcode(0x86, 'TUPLE2', (machine, _cursor, at) => {
    const second = machine.pop(at);
    machine.push({ type: 'tuple', items: [machine.pop(at), second] });
  }),
  opcode(0x87, 'TUPLE3', (machine, _cursor, at) => {
    const third = machine.pop(at);
    const second = machine.pop(at);
    machine.push({ type: 'tuple', items: [machine.pop(at), second, third] });
  }),
  opcode(0x7d, 'EMPTY_DICT', (machine) => {
    machine.push({ type: 'dict', entries: [] });
  }),
  opcode(0x64, 'DICT', (machine, _cursor, at) => {
    const values = machine.popToMark(at);
    machine.push({ type: 'dict', entries: [] });
    machine.setItems(values, at);
  }),
  opcode(0x73, 'SETITEM', (machine, _cursor, at) => {
    const value = machine.pop(at);
    const key = machine.pop(at);
    machine.setItems([key, value], at);
  }),
  opcode(0x75, 'SETITEMS', (machine, _cursor, at) => {
    const values = machine.popToMark(at);
    machine.setItems(values, at);
  }),
  // Names: known ones become plain values, others are refused.
  opcode(0x63, 'GLOBAL', (machine, cursor, at) => {
    const module = lineText(cursor);
    machine.global(module, lineText(cursor), at);
  }),
  opcode(0x93, 'STACK_GLOBAL', (machine, _cursor, at) => {
    const name = machine.pop(at);
    const module = machine.pop(at);
    if (typeof name !== 'string' || typeof module !== 'string') return machine.damaged('expected two names', at);
    machine.global(module, name, at);
  }),
  opcode(0x52, 'REDUCE', (machine, _cursor, at) => {
    const args = machine.pop(at);
    const callee = machine.pop(at);
    if (!isKind(args, 'tuple')) return machine.damaged('expected a name and its arguments', at);
    machine.make(callee, args.items, at);
  }),
  opcode(0x62, 'BUILD', (machine, _cursor, at) => {
    machine.build(machine.pop(at), at);
  }),
]);

/** Opcodes that make instances or name what is kept elsewhere: for readers that take them as data. */
const objectOpcodes: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  opcode(0x81, 'NEWOBJ', (machine, _cursor, at) => {
    const args = machine.pop(at);
    machine.make(machine.pop(at), isKind(args, 'tuple') ? args.items : [], at);
  }),
  opcode(0x92, 'NEWOBJ_EX', (machine, _cursor, at) => {
    machine.pop(at);
    const args = machine.pop(at);
    machine.make(machine.pop(at), isKind(args, 'tuple') ? args.items : [], at);
  }),
  opcode(0x69, 'INST', (machine, cursor, at) => {
    const module = lineText(cursor);
    machine.global(module, lineText(cursor), at);
    const name = machine.pop(at);
    machine.make(name, machine.popToMark(at), at);
  }),
  opcode(0x6f, 'OBJ', (machine, _cursor, at) => {
    const [name = null, ...args] = machine.popToMark(at);
    machine.make(name, args, at);
  }),
  opcode(0x51, 'BINPERSID', (machine, _cursor, at) => {
    machine.kept(machine.pop(at), at);
  }),
  opcode(0x8f, 'EMPTY_SET', (machine) => {
    machine.push({ type: 'list', items: [] });
  }),
  opcode(0x90, 'ADDITEMS', (machine, _cursor, at) => {
    const values = machine.popToMark(at);
    machine.append(values, at);
  }),
  opcode(0x91, 'FROZENSET', (machine, _cursor, at) => {
    machine.push({ type: 'list', items: machine.popToMark(at) });
  }),
]);

function opcode(code: number, name: string, run: Opcode['run']): [number, Opcode] {
  return [code, { name, run }];
}

function lineText(cursor: Cursor): string {
  return Buffer.from(cursor.line('a line of text')).toString('latin1');
}

function wholeNumberLine(cursor: Cursor, at: number): number {
  const text = lineText(cursor);
  if (!/^\d{1,9}$/.test(text)) cursor.damaged(`expected a memo number, found ${JSON.stringify(text.slice(0, 20))}`, at);
  return Number(text);
}

/** INT and LONG of protocol 0: decimal, `01` and `00` for True and False, `L` at the end of a long. */
function integerLine(cursor: Cursor, at: number): boolean | number | bigint {
  const text = lineText(cursor);
  if (text === '01') return true;
  if (text === '00') return false;
  if (!/^-?\d{1,40}L?$/.test(text)) cursor.damaged(`expected a number, found ${JSON.stringify(text.slice(0, 20))}`, at);
  return narrowed(BigInt(text.replace('L', '')));
}

/** Little-endian two's complement of any length. */
function longValue(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return narrowed(BigInt.asIntN(Math.max(1, bytes.length * 8), value));
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A Python 2 string literal: '...' or "..." with \n, \x41, \101 ... */
function quotedBytes(cursor: Cursor, at: number): Uint8Array {
  const text = lineText(cursor).replace(/\r$/, '');
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    cursor.damaged('expected a quoted string', at);
  }
  const simple: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };
  const unescaped = text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/gs, (_match, escape: string) => {
    if (/^x../.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 255);
    return simple[escape] ?? escape;
  });
  return Buffer.from(unescaped, 'latin1');
}

/** Python's raw-unicode-escape: latin-1 with \uXXXX and \UXXXXXXXX. */
function rawUnicode(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (match, short?: string, long?: string) => {
    const code = parseInt(short ?? long ?? '0', 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : match;
  });
}

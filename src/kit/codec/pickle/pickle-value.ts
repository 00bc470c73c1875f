/** What a pickle holds, as data. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  /** Unicode text. */
  | string
  /** Byte strings, those of Python 2 included. */
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleArray;

export interface PickleList {
  readonly type: 'list';
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly type: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleDict {
  readonly type: 'dict';
  readonly entries: (readonly [PickleValue, PickleValue])[];
}

/** A name that a pickle mentions; never looked up. */
export interface PickleGlobal {
  readonly type: 'global';
  readonly module: string;
  readonly name: string;
}

/** A numpy array as data. */
export interface PickleArray {
  readonly type: 'array';
  /** numpy's word for it: `u1`, `f4`, `b1`, `O`; empty until the state is set. */
  dtype: string;
  shape: readonly number[];
  /** Column-major (Fortran) order. */
  fortranOrder: boolean;
  littleEndian: boolean;
  /** The elements: bytes, or values where dtype is `O`. */
  data: Uint8Array | readonly PickleValue[];
}

/** Whether a value is a list, tuple, dictionary, array ... */
export function isKind<Type extends Extract<PickleValue, { type: string }>['type']>(
  value: PickleValue,
  type: Type,
): value is Extract<PickleValue, { type: Type }> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type;
}

import { Cursor } from '../cursor.ts';
import { isKind, type PickleStorage, type PickleTensor, type PickleValue } from '../pickle/pickle-values.ts';
import { elementBytes, type ElementType, type StoredTensor } from './stored-tensor.ts';
import { keyText } from './torch-objects.ts';

/** What was saved, as far as it is tensors. */
export interface StateContent {
  /** Named by the keys that lead to them: `state_dict.model.conv1.weight`. */
  readonly tensors: readonly StoredTensor[];
  /** Keys of the outermost dictionary that hold no tensor. */
  readonly others: readonly string[];
  /** Classes of objects that are not read, each once. */
  readonly classes: readonly string[];
}

/** Where the numbers of storages are. */
export interface Storages {
  readonly file: string;
  bytesOf(storage: PickleStorage): Uint8Array;
}

/** PyTorch's words for types of elements, which are those of its classes of storages. */
const types: Readonly<Record<string, ElementType>> = {
  Double: 'F64',
  Float: 'F32',
  Half: 'F16',
  BFloat16: 'BF16',
  Long: 'I64',
  Int: 'I32',
  Short: 'I16',
  Char: 'I8',
  Byte: 'U8',
  Bool: 'BOOL',
};

/** Of the elements of a storage; undefined for types that are not read. */
export function bytesPerElement({ elements }: PickleStorage): number | undefined {
  const type = types[elements];
  return type === undefined ? undefined : elementBytes[type];
}

/** Deeper ones can only be circles. */
const maxDepth = 64;

/** Finds the tensors in what a pickle holds: dictionaries, lists, and modules that were saved whole. */
export function contentOf(value: PickleValue, storages: Storages): StateContent {
  const tensors: StoredTensor[] = [];
  const classes = new Set<string>();
  const seen = new Set<PickleValue>();
  const walk = (item: PickleValue, name: string, depth: number): void => {
    if (isKind(item, 'tensor')) {
      const type = types[item.storage.elements];
      if (type !== undefined) tensors.push(tensorOf(item, { name, type, storages }));
      return;
    }
    if (typeof item !== 'object' || item === null || item instanceof Uint8Array) return;
    if (depth > maxDepth || seen.has(item)) return;
    seen.add(item);
    if (isKind(item, 'object')) classes.add(item.className);
    for (const [key, entry] of entriesOf(item)) walk(entry, joined(name, key), depth + 1);
  };
  walk(value, '', 0);
  const others = entriesOf(value)
    .map(([key]) => key)
    .filter((key) => key !== '' && !tensors.some(({ name }) => name === key || name.startsWith(`${key}.`)));
  return { tensors, others, classes: [...classes] };
}

function joined(name: string, key: string): string {
  if (key === '') return name;
  return name === '' ? key : `${name}.${key}`;
}

/** What torch.nn.Module keeps its parts in: their names are those of the parts. */
const moduleParts: ReadonlySet<string> = new Set(['_parameters', '_buffers', '_modules']);

function entriesOf(value: PickleValue): (readonly [string, PickleValue])[] {
  if (isKind(value, 'dict')) return value.entries.map(([key, entry]) => [keyText(key), entry]);
  if (isKind(value, 'list') || isKind(value, 'tuple')) return value.items.map((item, index) => [String(index), item]);
  if (!isKind(value, 'object')) return [];
  const parts = entriesOf(value.state).filter(([, part]) => typeof part === 'object');
  const isModule = parts.some(([key]) => key === '_modules');
  const own = isModule ? parts.filter(([key]) => moduleParts.has(key)).map(([, part]) => ['', part] as const) : parts;
  return [...value.content.entries.map(([key, entry]) => [keyText(key), entry] as const), ...own];
}

interface Naming {
  readonly name: string;
  readonly type: ElementType;
  readonly storages: Storages;
}

function tensorOf(tensor: PickleTensor, { name, type, storages }: Naming): StoredTensor {
  const { shape, storage } = tensor;
  return {
    name,
    type,
    shape,
    read() {
      const bytes = storages.bytesOf(storage);
      const place = new Cursor(bytes, storages.file);
      const size = elementBytes[type];
      const count = shape.reduce((product, side) => product * side, 1);
      const last = shape.reduce((sum, side, axis) => sum + (side - 1) * (tensor.strides[axis] ?? 0), tensor.offset);
      // More numbers than the storage has would be the same ones many times.
      if (count > 0 && (count * size > bytes.length || (last + 1) * size > bytes.length)) {
        place.damaged(`tensor "${name}" of ${count} numbers is beyond its storage of ${bytes.length} bytes`, 0);
      }
      const start = tensor.offset * size;
      return isContiguous(tensor) ? bytes.subarray(start, start + count * size) : gathered(bytes, tensor, size);
    },
  };
}

/** Whether the elements are stored row by row. */
function isContiguous({ shape, strides }: PickleTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis] ?? 1;
  }
  return true;
}

/** The elements row by row, of tensors that are stored in another order, such as channels last. */
function gathered(bytes: Uint8Array, { shape, strides, offset }: PickleTensor, size: number): Uint8Array {
  const count = shape.reduce((product, side) => product * side, 1);
  const found = new Uint8Array(count * size);
  const place = shape.map(() => 0);
  let from = offset;
  for (let index = 0; index < count; index += 1) {
    found.set(bytes.subarray(from * size, (from + 1) * size), index * size);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const step = strides[axis] ?? 0;
      place[axis] = (place[axis] ?? 0) + 1;
      from += step;
      if ((place[axis] ?? 0) < (shape[axis] ?? 0)) break;
      from -= step * (shape[axis] ?? 0);
      place[axis] = 0;
    }
  }
  return found;
}

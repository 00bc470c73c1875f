import type { PickleObjects } from '../pickle/pickle-reader.ts';
import { isKind, type PickleValue, type Place } from '../pickle/pickle-values.ts';

/*
 * What torch.save puts into a pickle (torch/_utils.py, torch/serialization.py): calls of _rebuild_tensor_v2(storage, offset,
 * shape, strides, requires_grad, hooks) and _rebuild_parameter(tensor, requires_grad, hooks), OrderedDict, and storages as
 * persistent ids ('storage', class, key, location, count). Whatever else it names is kept as a name with its arguments.
 */

/** Reads names of a checkpoint as data. Names of what runs programs, opens files or evaluates code are not allowed. */
export const torchObjects: PickleObjects = {
  allows(module, name) {
    const [root = ''] = module.split('.');
    if (/^(__builtin__|builtins)$/.test(module)) return harmlessBuiltins.has(name);
    const path = [...module.split('.'), ...name.split('.')];
    if (root === 'torch') return !/hub|cpp_extension|jit|package|multiprocessing|\bload\b/.test(path.join('.'));
    return !path.some((part) => runningModules.has(part));
  },
  made(callee, args, place) {
    if (!isKind(callee, 'global')) return objectOf('a call', args);
    const called = `${callee.module}.${callee.name}`;
    const make = makers[called];
    return make === undefined ? objectOf(called, args) : make(args, place);
  },
  kept(id, place) {
    const items = isKind(id, 'tuple') ? id.items : [];
    const [tag, storage = null, key = null, , count] = items;
    const elements = isKind(storage, 'global') ? /^(\w+)Storage$/.exec(storage.name)?.[1] : undefined;
    if (textOf(tag) !== 'storage' || elements === undefined || typeof count !== 'number') {
      return place.cursor.damaged('expected a storage of PyTorch as persistent id', place.at);
    }
    return { type: 'storage', key: keyText(key), elements, count };
  },
};

const harmlessBuiltins: ReadonlySet<string> = new Set([
  ...['set', 'frozenset', 'dict', 'list', 'tuple', 'object', 'int', 'float', 'complex', 'bool', 'str', 'unicode'],
  ...['long', 'slice', 'range', 'xrange'],
]);

/** Packages that no checkpoint needs, and that attacks use. */
const runningModules: ReadonlySet<string> = new Set([
  ...[
    'os',
    'posix',
    'nt',
    'posixpath',
    'ntpath',
    'subprocess',
    'commands',
    'pty',
    'sys',
    'shutil',
    'platform',
    'signal',
  ],
  ...['importlib', 'imp', 'runpy', 'code', 'codeop', 'types', 'operator', '_operator', 'inspect', 'ctypes', '_ctypes'],
  ...['pickle', '_pickle', 'cPickle', 'marshal', 'shelve', 'dill', 'cloudpickle', 'joblib', 'pip', 'ensurepip', 'venv'],
  ...[
    'socket',
    '_socket',
    'ssl',
    'http',
    'urllib',
    'urllib2',
    'requests',
    'ftplib',
    'smtplib',
    'webbrowser',
    'asyncio',
  ],
  ...[
    'multiprocessing',
    'threading',
    'concurrent',
    'tempfile',
    'io',
    '_io',
    'pydoc',
    'pdb',
    'bdb',
    'timeit',
    'cProfile',
  ],
  ...['profile', 'trace', 'distutils', 'setuptools', 'unittest', 'doctest', 'site', '__builtins__', '__globals__'],
]);

type Make = (args: readonly PickleValue[], place: Place) => PickleValue;

const makers: Readonly<Record<string, Make>> = {
  'torch._utils._rebuild_tensor': rebuiltTensor,
  'torch._utils._rebuild_tensor_v2': rebuiltTensor,
  'torch._utils._rebuild_parameter': ([tensor = null]) => tensor,
  'torch._utils._rebuild_parameter_with_state': ([tensor = null]) => tensor,
  'torch._tensor._rebuild_from_type_v2': rebuiltSubclass,
  'collections.OrderedDict': ([pairs]) => ({ type: 'dict', entries: pairsOf(pairs) }),
  'collections.defaultdict': () => ({ type: 'dict', entries: [] }),
  'torch.Size': ([sizes = null]) => sizes,
};

function rebuiltTensor([storage = null, offset, shape, strides]: readonly PickleValue[], place: Place): PickleValue {
  const [sizes, steps] = [numbersOf(shape), numbersOf(strides)];
  const isPlaced = typeof offset === 'number' && offset >= 0;
  if (!isKind(storage, 'storage') || !isPlaced || sizes === undefined || steps?.length !== sizes.length) {
    return place.cursor.damaged('expected storage, offset, shape and strides of a tensor', place.at);
  }
  return { type: 'tensor', storage, offset, shape: sizes, strides: steps };
}

/** Subclasses of tensors: (function, type, arguments, state). */
function rebuiltSubclass([callee = null, , args = null]: readonly PickleValue[], place: Place): PickleValue {
  return torchObjects.made(callee, isKind(args, 'tuple') ? args.items : [], place);
}

function objectOf(className: string, args: readonly PickleValue[]): PickleValue {
  return { type: 'object', className, args, content: { type: 'dict', entries: [] }, state: null };
}

/** OrderedDict([[key, value], ...]), as Python 2 writes it. */
function pairsOf(value: PickleValue | undefined): (readonly [PickleValue, PickleValue])[] {
  const items = value !== undefined && (isKind(value, 'list') || isKind(value, 'tuple')) ? value.items : [];
  return items.flatMap((pair) => {
    const [key, entry] = isKind(pair, 'list') || isKind(pair, 'tuple') ? pair.items : [];
    return key === undefined || entry === undefined ? [] : [[key, entry] as const];
  });
}

function numbersOf(value: PickleValue | undefined): readonly number[] | undefined {
  const items = value !== undefined && (isKind(value, 'tuple') || isKind(value, 'list')) ? value.items : undefined;
  const isSizes = items?.every((item): item is number => typeof item === 'number' && item >= 0) ?? false;
  return isSizes ? items?.map(Number) : undefined;
}

/** Text, also of Python 2, whose names are byte strings. */
export function textOf(value: PickleValue | undefined): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'string' ? value : undefined;
}

/** A key of a dictionary as part of a name; empty for what is neither text nor a number. */
export function keyText(key: PickleValue): string {
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean') return key.toString();
  return textOf(key) ?? '';
}

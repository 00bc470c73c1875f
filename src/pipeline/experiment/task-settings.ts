import { canonicalJson } from '../../core/digest.ts';
import type { EnvironmentValue, Resources, Retries, TimeLimits } from './experiment.ts';
import { failures } from './failures.ts';
import { asText, describe, MapReader, originOf, toJson, type MapNode, type Node } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';
import type { StageManifest } from './stage-manifest.ts';

/** A stage, or one instance of it, that has to end before. */
export interface Need {
  readonly stage: string;
  readonly instance?: string;
  readonly at: Span;
}

/** How the tasks of a stage are to be run, apart from what they compute. */
export interface TaskSettings {
  readonly needs: readonly Need[];
  readonly resources: Resources;
  readonly retries: Retries;
  readonly limits: TimeLimits;
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
}

const firstWaitMs = 1000;

/** Reads the settings of a stage, whose references are resolved. */
export function readSettings(stage: MapNode, manifest: StageManifest, tools: Tools): TaskSettings {
  const reader = new SettingsReader(stage, tools);
  return {
    needs: reader.needs(),
    resources: reader.resources(manifest),
    retries: reader.retries(),
    limits: reader.limits(),
    environment: reader.environment(),
  };
}

interface Tools {
  /** What the stage is called in errors: `stage "train"`. */
  readonly owner: string;
  readonly problems: Problems;
}

class SettingsReader {
  readonly #stage: MapReader;
  readonly #tools: Tools;

  constructor(stage: MapNode, tools: Tools) {
    this.#stage = new MapReader(stage, tools.problems, tools.owner);
    this.#tools = tools;
  }

  needs(): Need[] {
    const node = this.#stage.node('needs');
    if (node === undefined) return [];
    return (node.type === 'list' ? node.items : [node]).flatMap((item) => {
      const text = item.type === 'scalar' ? String(item.value) : '';
      const [, stage, instance] = /^([A-Za-z][\w-]*)(?:\[([^\]]*)\])?$/.exec(text) ?? [];
      if (stage === undefined) {
        this.#refuse('"needs"', 'the name of a stage, as "train" or "train[size=112]", or a list of them', item);
        return [];
      }
      return [instance === undefined ? { stage, at: item.at } : { stage, instance, at: item.at }];
    });
  }

  resources({ resources: declared = {}, ranks: hasRanks = false }: StageManifest): Resources {
    const own = this.#inner('resources', ['cpus', 'memory', 'gpus', 'ranks']);
    const ranks = this.#count(own?.node('ranks'), '"ranks"', 1);
    const isOne = hasRanks || ranks === undefined || ranks === 1;
    if (!isOne) this.#refuse('"ranks"', '1, since the stage computes in one process', own?.node('ranks'));
    const memory = this.#quantity(own?.node('memory'), '"memory"', {
      expected: 'an amount such as 8 GiB',
      parse: parseBytes,
    });
    const memoryBytes = memory ?? (declared.memory === undefined ? undefined : parseBytes(declared.memory));
    return {
      cpus: this.#cpus(own?.node('cpus')) ?? declared.cpus ?? 1,
      gpus: this.#count(own?.node('gpus'), '"gpus"', 0) ?? declared.gpus ?? 0,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(ranks === undefined ? {} : { ranks }),
    };
  }

  retries(): Retries {
    const node = this.#stage.node('retries');
    if (node?.type !== 'map') return { times: this.#count(node, '"retries"', 0) ?? 0, waitMs: firstWaitMs };
    const own = this.#inner('retries', ['times', 'wait']);
    return {
      times: this.#count(own?.node('times'), '"times"', 0) ?? 0,
      waitMs: this.#duration(own?.node('wait'), '"wait"') ?? firstWaitMs,
    };
  }

  limits(): TimeLimits {
    const node = this.#stage.node('timeout');
    const own = node?.type === 'map' ? this.#inner('timeout', ['total', 'silent']) : undefined;
    const totalMs = this.#duration(own === undefined ? node : own.node('total'), '"timeout"');
    const silentMs = this.#duration(own?.node('silent'), '"silent"');
    return {
      ...(totalMs === undefined ? {} : { totalMs }),
      ...(silentMs === undefined ? {} : { silentMs }),
    };
  }

  environment(): Record<string, EnvironmentValue> {
    const values: Record<string, EnvironmentValue> = {};
    for (const [name, { key, value }] of this.#stage.mapAt('env')?.entries ?? []) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        this.#tools.problems.add(failures.badVariableName({ name, owner: this.#tools.owner }, locate(key)));
      } else if (value.type === 'scalar' && value.value !== null) {
        values[name] = {
          value: asText(value, this.#tools.problems),
          secret: value.secret === true,
          at: locate(originOf(value)),
        };
      } else this.#refuse(`"${name}" in "env"`, 'a string', value);
    }
    return values;
  }

  #inner(key: string, known: readonly string[]): MapReader | undefined {
    const map = this.#stage.mapAt(key);
    if (map === undefined) return undefined;
    const reader = new MapReader(map, this.#tools.problems, `"${key}" of ${this.#tools.owner}`);
    reader.refuseOthers(known);
    return reader;
  }

  #cpus(node: Node | undefined): number | 'all' | undefined {
    if (node?.type === 'scalar' && node.value === 'all') return 'all';
    return this.#count(node, '"cpus"', 1);
  }

  #count(node: Node | undefined, what: string, min: number): number | undefined {
    if (node === undefined) return undefined;
    const value =
      node.type === 'scalar' && node.loose === true ? Number(node.value) : node.type === 'scalar' && node.value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value;
    this.#refuse(what, `an integer of at least ${String(min)}`, node);
    return undefined;
  }

  #duration(node: Node | undefined, what: string): number | undefined {
    return this.#quantity(node, what, { expected: 'a duration such as 90 s or 1 h 30 min', parse: parseDuration });
  }

  #quantity(
    node: Node | undefined,
    what: string,
    { expected, parse }: { readonly expected: string; readonly parse: (text: string) => number | undefined },
  ): number | undefined {
    if (node === undefined) return undefined;
    const parsed = node.type === 'scalar' && typeof node.value === 'string' ? parse(node.value) : undefined;
    if (parsed === undefined) this.#refuse(what, expected, node);
    return parsed;
  }

  #refuse(what: string, expected: string, node: Node | undefined): void {
    if (node === undefined || node.type === 'broken') return;
    const { owner, problems } = this.#tools;
    problems.add(
      failures.badSetting({ what: `${what} of ${owner}`, expected, found: describe(node) }, locate(node.at)),
    );
  }
}

/**
 * Whether an `if` lets a stage take part. It is true or false, or a comparison, `{ value: ..., in: [...] }` or
 * `{ value: ..., notIn: [...] }`: nothing is evaluated as code, so there are no operators.
 */
export function conditionHolds(condition: Node | undefined, { owner, problems }: Tools): boolean {
  if (condition === undefined || condition.type === 'broken') return true;
  if (condition.type === 'scalar') {
    const text = String(condition.value);
    const truth = typeof condition.value === 'boolean' || condition.loose === true;
    if (truth && (text === 'true' || text === 'false')) return text === 'true';
  }
  if (condition.type === 'map') return comparisonHolds(condition, { owner, problems });
  problems.add(failures.badCondition({ owner, found: describe(condition) }, locate(condition.at)));
  return true;
}

function comparisonHolds(condition: MapNode, { owner, problems }: Tools): boolean {
  const value = condition.entries.get('value')?.value;
  const included = condition.entries.get('in')?.value;
  const excluded = condition.entries.get('notIn')?.value;
  const known = ['value', 'in', 'notIn'];
  const unknown = [...condition.entries].find(([name]) => !known.includes(name));
  if (unknown !== undefined || value === undefined || (included === undefined) === (excluded === undefined)) {
    const at = locate(unknown?.[1].key ?? condition.at);
    problems.add(failures.badComparison({ owner, unknown: unknown?.[0], known }, at));
    return true;
  }
  const list = included ?? excluded;
  const items = list === undefined ? [] : list.type === 'list' ? list.items : [list];
  const found = items.some((item) => textOf(item) === textOf(value));
  return included === undefined ? !found : found;
}

/** A string from the environment equals the number that is written like it. */
function textOf(node: Node): string {
  return node.type === 'scalar' ? String(node.value) : canonicalJson(toJson(node));
}

const milliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90 s`, `5 min`, `1 h 30 min` in milliseconds; undefined if it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)? ?(ms|s|min|h|d) ?)+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?) ?(ms|s|min|h|d)/g)) {
    total += Number(number) * (milliseconds[unit ?? ''] ?? 0);
  }
  return total;
}

/** `8 GiB` in bytes; undefined if it is not an amount of memory. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Math.round(Number(number) * 1024 ** (['KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit) + 1));
}

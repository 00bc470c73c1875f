import type { EnvironmentValue, Resources, Retries, TimeLimits } from './experiment.ts';
import { MapReader } from './map-reader.ts';
import { describe, originOf, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { parseBytes, parseDuration } from './quantity.ts';
import { locate, type Span } from './source-text.ts';
import type { StageManifest } from './stage-manifest.ts';

/** A stage, or one instance of it, that has to end before. */
export interface Need {
  readonly stage: string;
  readonly instance?: string;
  readonly at: Span;
}

/** What a stage says of how its tasks are to be run, besides of what they compute. */
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
    resources: reader.resources(manifest.resources ?? {}),
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

  resources(declared: NonNullable<StageManifest['resources']>): Resources {
    const own = this.#inner('resources', ['cpus', 'memory', 'gpus']);
    const memory = this.#quantity(own?.node('memory'), '"memory"', 'an amount such as 8 GiB', parseBytes);
    const memoryBytes = memory ?? (declared.memory === undefined ? undefined : parseBytes(declared.memory));
    return {
      cpus: this.#cpus(own?.node('cpus')) ?? declared.cpus ?? 1,
      gpus: this.#count(own?.node('gpus'), '"gpus"', 0) ?? declared.gpus ?? 0,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
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
        this.#report(`"${name}" in "env" of ${this.#tools.owner} is no name of a variable`, key);
      } else if (value.type === 'scalar' && value.value !== null) {
        values[name] = { value: String(value.value), secret: value.secret === true, at: locate(originOf(value)) };
      } else this.#refuse(`"${name}" in "env"`, 'a text', value);
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

  #count(node: Node | undefined, what: string, least: number): number | undefined {
    if (node === undefined) return undefined;
    const value =
      node.type === 'scalar' && node.loose === true ? Number(node.value) : node.type === 'scalar' && node.value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
    this.#refuse(what, `a whole number of at least ${String(least)}`, node);
    return undefined;
  }

  #duration(node: Node | undefined, what: string): number | undefined {
    return this.#quantity(node, what, 'a duration such as 90 s or 1 h 30 min', parseDuration);
  }

  #quantity(
    node: Node | undefined,
    what: string,
    expected: string,
    parse: (text: string) => number | undefined,
  ): number | undefined {
    if (node === undefined) return undefined;
    const parsed = node.type === 'scalar' && typeof node.value === 'string' ? parse(node.value) : undefined;
    if (parsed === undefined) this.#refuse(what, expected, node);
    return parsed;
  }

  #refuse(what: string, expected: string, node: Node): void {
    if (node.type === 'broken') return;
    this.#report(`${what} of ${this.#tools.owner} must be ${expected}, found ${describe(node)}`, node.at);
  }

  #report(message: string, at: Span): void {
    this.#tools.problems.add({ code: 'bad-setting', message, at });
  }
}

import type { Json } from '../../../core/digest.ts';
import { fail } from '../../../core/failure.ts';
import type { ArrayEntry } from './array-file.ts';
import type { Graph, LayerNode } from '../graph/graph.ts';
import { checkAttributes } from '../graph/layers/check-attributes.ts';

/** The content of model.json. */
export interface ModelFile {
  readonly origin: Readonly<Record<string, Json>>;
  readonly graph: Graph;
  readonly arrays: readonly ArrayEntry[];
}

type Fields = Readonly<Record<string, Json>>;

/** Reads model.json as data that nobody has checked; version 1 had a single `output`. Fails with `bad-model`, naming the place. */
export function parseModelFile(text: string, file: string): ModelFile {
  const parser = new ModelParser(file);
  const content = parser.object(parser.json(text), 'the file');
  if (content['format'] !== 'faceflow-model') parser.refuse('format', 'to be "faceflow-model"', content['format']);
  const version = parser.version(content['version']);
  return {
    origin: parser.object(content['origin'] ?? {}, 'origin'),
    graph: parser.graph(parser.object(content['graph'], 'graph'), version),
    arrays: parser.list(content['arrays'], 'arrays').map((entry, index) => parser.array(entry, `arrays[${index}]`)),
  };
}

/** Reads a graph as JSON, of version 2, that nobody has checked. Fails with `bad-model`, naming the place. */
export function parseGraph(text: string, file: string): Graph {
  const parser = new ModelParser(file);
  return parser.graph(parser.object(parser.json(text), 'the graph'), 2);
}

class ModelParser {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  refuse(place: string, expected: string, found: Json | undefined): never {
    const text = found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 60);
    fail({ code: 'bad-model', message: `Expected ${place} ${expected}, found ${text}.`, at: { file: this.#file } });
  }

  version(value: Json | undefined): 1 | 2 {
    return value === 1 || value === 2 ? value : this.refuse('version', 'to be 1 or 2', value);
  }

  json(text: string): Json {
    try {
      return JSON.parse(text) as Json;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      fail({ code: 'bad-model', message: `Expected JSON: ${reason}`, at: { file: this.#file } }, cause);
    }
  }

  graph(graph: Fields, version: 1 | 2): Graph {
    const input = this.object(graph['input'], 'graph.input');
    const side = (name: string): number => this.count(input[name], `graph.input.${name}`, 1);
    return {
      input: { channels: side('channels'), height: side('height'), width: side('width') },
      layers: this.list(graph['layers'], 'graph.layers').map((layer, index) =>
        this.layer(layer, `graph.layers[${index}]`),
      ),
      outputs: version === 1 ? [this.text(graph['output'], 'graph.output')] : this.outputs(graph['outputs']),
    };
  }

  outputs(value: Json | undefined): string[] {
    return this.list(value, 'graph.outputs').map((output, index) => this.text(output, `graph.outputs[${index}]`));
  }

  layer(value: Json, place: string): LayerNode {
    const layer = this.object(value, place);
    const unchecked = {
      name: this.text(layer['name'], `${place}.name`),
      kind: this.text(layer['kind'], `${place}.kind`),
      inputs: this.list(layer['inputs'], `${place}.inputs`).map((input) => this.text(input, `${place}.inputs`)),
      attributes: this.object(layer['attributes'], `${place}.attributes`),
    };
    const [problem] = checkAttributes(unchecked);
    if (problem !== undefined)
      fail({ code: 'bad-model', message: `In the graph, ${problem}.`, at: { file: this.#file } });
    const names = layer['parameterNames'];
    // Kind and attributes have just been found to belong together.
    return (names === undefined
      ? unchecked
      : { ...unchecked, parameterNames: this.names(names, `${place}.parameterNames`) }) as unknown as LayerNode;
  }

  names(value: Json, place: string): Record<string, string> {
    const entries = Object.entries(this.object(value, place));
    return Object.fromEntries(entries.map(([suffix, name]) => [suffix, this.text(name, `${place}.${suffix}`)]));
  }

  array(value: Json, place: string): ArrayEntry {
    const entry = this.object(value, place);
    return {
      name: this.text(entry['name'], `${place}.name`),
      shape: this.list(entry['shape'], `${place}.shape`).map((size) => this.count(size, `${place}.shape`, 1)),
      offset: this.count(entry['offset'], `${place}.offset`, 0),
    };
  }

  object(value: Json | undefined, place: string): Fields {
    if (typeof value !== 'object' || value === null || isList(value)) this.refuse(place, 'to be an object', value);
    return value;
  }

  list(value: Json | undefined, place: string): readonly Json[] {
    return isList(value) ? value : this.refuse(place, 'to be a list', value);
  }

  text(value: Json | undefined, place: string): string {
    return typeof value === 'string' ? value : this.refuse(place, 'to be a text', value);
  }

  count(value: Json | undefined, place: string, minimum: number): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum) return value;
    return this.refuse(place, `to be a whole number of at least ${minimum}`, value);
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

import { fail } from '../../../../core/failure.ts';
import type { MxnetNode } from '../../../codec/mxnet/mxnet-symbol.ts';
import type { Pair } from '../../graph/layers/window.ts';

/**
 * The attributes of an operator: texts in whatever way a version of MXNet or Python spelt them, "(3, 3)", "(3L,3L)",
 * "[3, 3]", "3", "True", "1". What is not there is MXNet's default. Fails with `unsupported-operator`, naming the node.
 */
export class NodeAttributes {
  readonly #node: MxnetNode;
  readonly #file: string;

  constructor(node: MxnetNode, file: string) {
    this.#node = node;
    this.#file = file;
  }

  integer(name: string, otherwise?: number): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise ?? this.refuse(name, 'a whole number', 'nothing');
    const value = Number(text.replace(/L$/, ''));
    return Number.isSafeInteger(value) ? value : this.refuse(name, 'a whole number', text);
  }

  number(name: string, otherwise?: number): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise ?? this.refuse(name, 'a number', 'nothing');
    const value = Number(text);
    return Number.isFinite(value) ? value : this.refuse(name, 'a number', text);
  }

  flag(name: string, otherwise: boolean): boolean {
    const text = this.#text(name)?.toLowerCase();
    if (text === undefined) return otherwise;
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : this.refuse(name, 'True or False', text);
  }

  /** Height and width; both are the one number where there is only one. */
  pair(name: string, otherwise?: Pair): Pair {
    const list = this.list(name);
    if (list === undefined || list.length === 0) {
      return otherwise ?? this.refuse(name, 'two whole numbers', 'nothing');
    }
    const [height, width = height, ...others] = list;
    if (height === undefined || width === undefined || others.length > 0) {
      return this.refuse(name, 'two whole numbers (height, width)', list.join(', '));
    }
    return [height, width];
  }

  list(name: string): readonly number[] | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const items = text.replace(/^[([]|[)\]]$/g, '').split(',');
    const values = items.filter((item) => item.trim() !== '').map((item) => Number(item.trim().replace(/L$/, '')));
    return values.every(Number.isSafeInteger) ? values : this.refuse(name, 'a list of whole numbers', text);
  }

  choice<Choice extends string>(name: string, of: readonly Choice[], otherwise: string): Choice {
    const text = this.#text(name) ?? otherwise;
    return of.find((choice) => choice === text) ?? this.refuse(name, of.join(' or '), text);
  }

  /** Fails unless the attribute has the only value that there is a layer for. */
  only(name: string, value: string, otherwise = value): void {
    this.choice(name, [value], otherwise);
  }

  refuse(name: string, expected: string, found: string): never {
    fail({
      code: 'unsupported-operator',
      message: `Node "${this.#node.name}" (${this.#node.op}) must have ${name} ${expected}, found ${found}.`,
      at: { file: this.#file },
    });
  }

  /** `None` is how Python spells an attribute that is not there. */
  #text(name: string): string | undefined {
    const text = this.#node.attrs[name]?.trim();
    return text === 'None' ? undefined : text;
  }
}

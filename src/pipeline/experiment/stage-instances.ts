import { expandMatrix, onlyInstance, type Instance } from './matrix.ts';
import type { Node } from './node.ts';
import type { Problems } from './problems.ts';
import type { StageDraft } from './read-stages.ts';
import { parseText } from './reference.ts';
import { resolveReferences, type LookUp } from './resolve.ts';

/** Knows the instances of every stage. A stage may take over the matrix of another: `matrix: ${stages.align.matrix}`. */
export class StageInstances {
  readonly #drafts: ReadonlyMap<string, StageDraft>;
  readonly #lookUp: LookUp;
  readonly #problems: Problems;
  readonly #known = new Map<string, readonly Instance[]>();
  readonly #open: string[] = [];

  constructor(drafts: readonly StageDraft[], lookUp: LookUp, problems: Problems) {
    this.#drafts = new Map(drafts.map((draft) => [draft.name, draft]));
    this.#lookUp = lookUp;
    this.#problems = problems;
  }

  of(draft: StageDraft): readonly Instance[] {
    const known = this.#known.get(draft.name);
    if (known !== undefined) return known;
    const matrix = draft.map.entries.get('matrix')?.value;
    this.#open.push(draft.name);
    const instances = matrix === undefined ? [onlyInstance] : this.#expand(matrix, draft);
    this.#open.pop();
    this.#known.set(draft.name, instances);
    return instances;
  }

  #expand(matrix: Node, draft: StageDraft): readonly Instance[] {
    const other = stageNamedBy(matrix);
    if (other === undefined) {
      return expandMatrix(resolveReferences(matrix, this.#lookUp, this.#problems), draft.owner, this.#problems);
    }
    const source = this.#drafts.get(other);
    if (source !== undefined && !this.#open.includes(other)) return this.of(source);
    const circle = [...this.#open.slice(this.#open.indexOf(other)), other].join(' -> ');
    this.#problems.add(
      source === undefined
        ? {
            code: 'unknown-reference',
            message: `there is no stage "${other}" whose matrix could be taken`,
            at: matrix.at,
          }
        : {
            code: 'reference-cycle',
            message: `matrices are taken from each other in a circle: ${circle}`,
            at: matrix.at,
          },
    );
    return [];
  }
}

/** The stage whose matrix a value asks for. */
function stageNamedBy(matrix: Node): string | undefined {
  if (matrix.type !== 'scalar' || typeof matrix.value !== 'string') return undefined;
  const [part, ...rest] = parseText(matrix.value);
  if (part?.type !== 'reference' || part.reference.type !== 'stage-matrix' || rest.length > 0) return undefined;
  return part.reference.stage;
}

/** One command of a graph that every runner can say: it joins its inputs, adds a word of its own and writes a file. */
export interface GraphTask {
  readonly name: string;
  /** Changing it changes the command, and what it writes. */
  readonly word: string;
  /** Names of the tasks whose files it reads. */
  readonly needs: readonly string[];
  /** Whether it reads the folder `files` too. */
  readonly readsFiles: boolean;
}

export type Graph = readonly GraphTask[];

function task(name: string, needs: readonly string[] = [], readsFiles = false): GraphTask {
  return { name, word: name, needs, readsFiles };
}

/** Chains side by side, and one task that reads the end of each. */
export function chains(count: number, length: number): Graph {
  const links = Array.from({ length: count }, (_, chain) =>
    Array.from({ length }, (_, index) => task(`c${chain}_${index}`, index === 0 ? [] : [`c${chain}_${index - 1}`])),
  ).flat();
  const ends = Array.from({ length: count }, (_, chain) => `c${chain}_${length - 1}`);
  return [...links, task('all', ends)];
}

/** Tasks that have nothing to do with each other. */
export function independent(count: number): Graph {
  return Array.from({ length: count }, (_, index) => task(`t${index}`));
}

/** One task that reads a folder. */
export function folderReader(): Graph {
  return [task('reader', [], true)];
}

/** The same graph with another word in one of its tasks. */
export function changed(graph: Graph, name: string, word: string): Graph {
  return graph.map((each) => (each.name === name ? { ...each, word } : each));
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LocalExecutor } from '../../../src/pipeline/execute/executors/local/local-executor.ts';
import { runInProcess } from './in-process.ts';

/** A task of a random graph: which earlier ones it reads, and a word that its output holds. */
interface Node {
  readonly reads: readonly number[];
  readonly word: string;
}

const graphs = fc
  .array(fc.record({ picks: fc.array(fc.nat(20), { maxLength: 3 }), word: fc.constantFrom('x', 'y') }), {
    minLength: 2,
    maxLength: 7,
  })
  .map((drafts) =>
    drafts.map(({ picks, word }, index): Node => ({
      reads: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
      word,
    })),
  );

/** Commands that note their start and end, and write the lengths of what they read: much changes, little comes out. */
function yamlOf(graph: readonly Node[], control: string, remarks: readonly string[]): string {
  const tasks = graph.map(({ reads, word }, index) => {
    const inputs = reads.map((read) => `i${read}: "\${stages.t${read}.outputs.out}"`).join(', ');
    const content = reads.map((read) => `$(cat "$i${read}" | wc -c)`).join(' ');
    const command = `echo start t${index} >> ${control}; echo "${word} ${content}" > "$out"; : ${remarks[index] ?? ''}; echo end t${index} >> ${control}`;
    const given = inputs === '' ? '' : `\n      inputs: { ${inputs} }`;
    return `  t${index}:\n    uses: shell\n    with:\n      command: ${JSON.stringify(command)}${given}\n      outputs: { out: out.txt }`;
  });
  return `name: random\nsummary: a test\nstages:\n${tasks.join('\n')}\n`;
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

/** What comes out of each task, worked out by hand. */
function expectedOutputs(graph: readonly Node[]): string[] {
  const outputs: string[] = [];
  for (const { reads, word } of graph) {
    outputs.push(`${word} ${reads.map((read) => (outputs[read] ?? '').length).join(' ')}\n`);
  }
  return outputs;
}

async function inFolder(act: (folder: string, control: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'graph-'));
  try {
    await act(folder, join(folder, 'control'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('of any graph each task runs once, after everything it reads, and never again while nothing changes', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.integer({ min: 1, max: 4 }), async (graph, jobs) => {
      await inFolder(async (folder, control) => {
        const yaml = yamlOf(graph, control, []);
        const executor = new LocalExecutor({ jobs, cpus: 4, memoryBytes: 2 ** 40, gpus: [] });
        const { outcomes, events } = await runInProcess(folder, yaml, {
          openExecutor: () => Promise.resolve(executor),
        });
        const lines = linesOf(control);
        // Two tasks that compute the same are one to the cache: the second takes the result of the first.
        const began = lines.filter((line) => line.startsWith('start'));
        expect(new Set(began).size).toBe(began.length);
        for (const [index, { reads }] of graph.entries()) {
          expect(['done', 'cached']).toContain(outcomes[`t${index}`]);
          const start = lines.indexOf(`start t${index}`);
          for (const read of reads) if (start >= 0) expect(lines.indexOf(`end t${read}`)).toBeLessThan(start);
        }
        const contents = events.flatMap((event) =>
          event.type === 'task-ended'
            ? [[event.task, readFileSync(event.product?.outputs[0]?.path ?? '', 'utf8')]]
            : [],
        );
        const expected = expectedOutputs(graph).map((output, index) => [`t${index}`, output]);
        expect(Object.fromEntries(contents)).toEqual(Object.fromEntries(expected));
        const again = await runInProcess(folder, yaml);
        expect(new Set(Object.values(again.outcomes))).toEqual(new Set(['cached']));
        expect(linesOf(control)).toEqual(lines);
      });
    }),
    { numRuns: 12, seed: 7 },
  );
});

it('of any graph a change without effect on the output reruns that task alone', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(20), async (graph, pick) => {
      await inFolder(async (folder, control) => {
        const changed = pick % graph.length;
        await runInProcess(folder, yamlOf(graph, control, []));
        rmSync(control);
        const remarks = graph.map((_, index) => (index === changed ? 'a remark' : ''));
        const { outcomes } = await runInProcess(folder, yamlOf(graph, control, remarks));
        expect(linesOf(control)).toEqual([`start t${changed}`, `end t${changed}`]);
        const done = Object.entries(outcomes).flatMap(([task, outcome]) => (outcome === 'done' ? [task] : []));
        expect(done).toEqual([`t${changed}`]);
      });
    }),
    { numRuns: 12, seed: 8 },
  );
});

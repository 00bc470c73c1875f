import { resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { counted, humanBytes } from '../../core/human.ts';
import {
  collectGarbage,
  listResults,
  pin,
  unpin,
  type Collection,
  type StoredResult,
} from '../../pipeline/cache/collect-garbage.ts';
import type { Key } from '../../pipeline/plan/key-document.ts';
import { exportResults, importResults } from '../../pipeline/cache/transfer.ts';
import { closeKilledRuns, lastRuns } from '../../pipeline/record/past-runs.ts';
import { cacheLimits } from '../cache-upkeep.ts';
import { failures } from '../failures.ts';
import { textTable } from '../../core/text/text-table.ts';
import { answer, exitCode, type CommandGroup, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

type Action = FlowCommand & { readonly summary: string };

const ls: Action = {
  summary: 'list what is stored: key, size, last use, who computed it',
  declare: declareWorkspaceOptions,
  run: (call, context) =>
    inWorkspace(call, context, (workspace) => {
      const results = listResults(workspace.cache);
      const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
      const total = `${counted(results.length, 'result')}, ${humanBytes(bytes)} in ${workspace.cache.folders.entries}`;
      answer(call, context, {
        json: { folder: workspace.cache.folders.entries, bytes, results: results.map(resultJson) },
        text: [...textTable(results.map(resultRow)), total].join('\n'),
      });
      return exitCode.done;
    }),
};

const gc: Action = {
  summary: 'remove what is broken, too old or too much; pinned results stay',
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .option('--max-size <amount>', 'keep the results used last within this size, such as 50 GiB')
      .option('--max-age <time>', 'remove what was not used for so long, such as 30 d')
      .option('-n, --dry-run', 'show what would go, and what that would free; remove nothing', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const { maxSize, maxAge, dryRun } = call.options as { maxSize?: string; maxAge?: string; dryRun: boolean };
      const limits = cacheLimits(workspace.cache.folders.entries, context, { maxSize, maxAge });
      const locks = await workspace.openLocks('flow cache gc');
      try {
        const collection = collectGarbage(workspace.cache, locks, {
          limits,
          now: Date.now(),
          isDry: dryRun,
          beforeResults: () => {
            if (!dryRun) refuseWhileRunning(workspace);
          },
        });
        const { drop, keep, freedBytes, scratch, stuck } = collection;
        answer(call, context, {
          json: {
            dropped: drop.map((each) => ({ ...resultJson(each), why: each.why })),
            kept: keep.length,
            freedBytes,
            scratch,
            stuck,
          },
          text: collectionText(collection, dryRun),
        });
        return stuck.length === 0 ? exitCode.done : exitCode.taskFailed;
      } finally {
        locks.close();
      }
    }),
};

const verify: Action = {
  summary: 'read every stored file, and remove results that are not what was stored',
  declare(command) {
    declareWorkspaceOptions(command);
    command.option('--keep', 'only report them', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async ({ cache }) => {
      const damaged: { key: Key; problem: string }[] = [];
      const keys = cache.keys();
      for (const key of keys) {
        const lookup = await cache.verify(key);
        if (lookup.state !== 'damaged') continue;
        damaged.push({ key, problem: lookup.problem });
        if (call.options['keep'] !== true) cache.drop(key);
      }
      const lines = damaged.map(({ key, problem }) => `${key.slice(0, 12)}  ${problem}`);
      const summary = `${counted(keys.length, 'result')} read, ${damaged.length} damaged`;
      answer(call, context, { json: { read: keys.length, damaged }, text: [...lines, summary].join('\n') });
      return damaged.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

const pinAction: Action = {
  summary: 'protect results from gc: by key, or by task of the last runs',
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('<results...>', 'keys (or how they begin), or EXPERIMENT:TASK')
      .option('--reason <text>', 'why, shown by ls', 'pinned by hand')
      .option('--remove', 'take the protection away', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, ({ cache }) => {
      const names = call.arguments[0] as readonly string[];
      const { reason, remove } = call.options as { reason: string; remove: boolean };
      const keys = names.map((name) => findKey(listResults(cache), name));
      for (const key of keys) {
        if (remove) unpin(cache, key);
        else pin(cache, key, reason);
      }
      answer(call, context, { json: { keys, pinned: !remove }, text: keys.join('\n') });
      return exitCode.done;
    }),
};

const exportAction: Action = {
  summary: 'copy results to a folder that another cache can import or use as its second one',
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<folder>').argument('[results...]', 'keys (or how they begin), or EXPERIMENT:TASK; default: all');
  },
  run: (call, context) =>
    inWorkspace(call, context, async ({ cache }) => {
      const [folder, names] = call.arguments as [string, readonly string[] | undefined];
      const results = listResults(cache);
      const asked = names ?? [];
      const keys = asked.length === 0 ? cache.keys() : asked.map((name) => findKey(results, name));
      const copied = await exportResults(cache, keys, resolve(context.workingFolder, folder));
      answer(call, context, {
        json: { copied, known: keys.length - copied.length },
        text: `${counted(copied.length, 'result')} copied, ${keys.length - copied.length} were there`,
      });
      return exitCode.done;
    }),
};

const importAction: Action = {
  summary: 'take results from a folder; every byte is checked',
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<folder>');
  },
  run: (call, context) =>
    inWorkspace(call, context, async ({ cache }) => {
      const folder = resolve(context.workingFolder, String(call.arguments[0]));
      const result = await importResults(cache, folder);
      const { imported, known, damaged } = result;
      const lines = damaged.map(({ key, problem }) => `${key.slice(0, 12)} was not taken: ${problem}`);
      const summary = `${counted(imported.length, 'result')} taken, ${known.length} were here`;
      answer(call, context, { json: result, text: [...lines, summary].join('\n') });
      return damaged.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

export const command: CommandGroup = {
  actions: { ls, gc, verify, pin: pinAction, export: exportAction, import: importAction },
};

/** What a run is about to read must stay, and explicit limits have no grace period. */
function refuseWhileRunning({ database }: Workspace): void {
  closeKilledRuns(database);
  const running = lastRuns(database).find(({ outcome }) => outcome === 'running');
  if (running === undefined) return;
  fail(failures.cacheInUse({ run: running.id }));
}

function resultJson({ key, entry, usedAt, bytes, pin: reason }: StoredResult): object {
  const { experiment, task, createdAt, durationMs } = entry ?? {};
  return {
    key,
    experiment,
    task,
    createdAt,
    durationMs,
    bytes,
    usedAt: new Date(usedAt).toISOString(),
    pin: reason ?? null,
  };
}

function resultRow({ key, entry, usedAt, bytes, pin: reason }: StoredResult): string[] {
  const who = entry === undefined ? 'broken' : `${entry.experiment}:${entry.task}`;
  const used = new Date(usedAt).toISOString().slice(0, 10);
  return [key.slice(0, 12), humanBytes(bytes), used, who, reason === undefined ? '' : `pinned: ${reason}`];
}

function collectionText({ drop, keep, freedBytes, scratch, stuck }: Collection, isDry: boolean): string {
  const rows = drop.map((result) => [...resultRow(result).slice(0, 4), result.why]);
  const verb = isDry ? 'would go' : 'removed';
  const left = scratch.length === 0 ? '' : `, and ${scratch.length} abandoned scratch folders`;
  const total = `${counted(drop.length, 'result')} ${verb}${left}; ${isDry ? 'that would free' : 'freed'} ${humanBytes(freedBytes)}; ${keep.length} stay`;
  const remaining = stuck.map(({ path, problem }) => `${path} could not be removed: ${problem}`);
  return [...textTable(rows), ...remaining, total].join('\n');
}

/** The key a user means: a beginning of it, or `EXPERIMENT:TASK` for the result used last. */
function findKey(results: readonly StoredResult[], name: string): Key {
  const found = results.filter(
    ({ key, entry }) => key.startsWith(name) || (entry !== undefined && `${entry.experiment}:${entry.task}` === name),
  );
  const [first, second] = found;
  if (first === undefined) return fail(failures.unknownResult({ name }));
  const isKey = !name.includes(':');
  if (isKey && second !== undefined && first.key !== second.key) {
    return fail(failures.ambiguousResult({ name, count: found.length }));
  }
  return first.key;
}

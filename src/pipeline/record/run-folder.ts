import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { makeOwnFolder } from '../../core/atomic-file.ts';
import { errorCode } from '../../core/failure.ts';
import type { FlowEvent, TaskOutcome, TaskProduct } from '../execute/event.ts';
import { experimentFileName, outputsLinkOf } from '../execute/run-files.ts';
import type { RunFacts } from './run-facts.ts';

export const runFileName = 'run.json';
export const databaseFileName = 'flow.db';
export const eventsFileName = 'events.ndjson';

/** As {@link createRunFolder} makes them: one name of a folder, which cannot lead to another place. */
const runIdPattern = /^[0-9]{8}-[0-9]{6}-[\p{L}\p{N}._-]+$/u;
const maxRunIdBytes = 240;

/** Whether a text that was read from a file can be the id of a run. */
export function isRunId(id: unknown): id is string {
  return typeof id === 'string' && runIdPattern.test(id) && Buffer.byteLength(id) <= maxRunIdBytes;
}

/** Results from the cache that get links; each costs 0.1 to 0.2 ms, and again when the run is removed. */
const maxLinks = 200;
/** Lists the others: task, tab, folder of its outputs relative to this file's. */
const unlinkedFileName = 'others.tsv';

/**
 * Creates the folder of a new run under a name made of the time and the experiment; a number is added where two runs
 * start within a second.
 */
export function createRunFolder(
  runsFolder: string,
  experiment: string,
  startedAt: Date,
): { id: string; folder: string } {
  makeOwnFolder(runsFolder);
  const stamp = startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const base = `${stamp}-${experimentFileName(experiment)}`;
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}-${number}`;
    const folder = join(runsFolder, id);
    if (tryCreate(folder)) return { id, folder };
  }
}

function tryCreate(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Writes a run's folder while it runs: run.json, events.ndjson, links to the outputs. From these the database can be
 * rebuilt, and a run can be taken to another machine. Each event is written as it comes, so a killed runner loses none.
 */
export class RunFolderWriter {
  readonly #folder: string;
  readonly #facts: RunFacts;
  readonly #events: number;
  /** What waits for room on the disk. */
  #held = Buffer.alloc(0);
  #isWhole = true;
  /** Results that can be reached from this folder. */
  #leads = 0;
  readonly #unlinked: string[] = [];

  constructor(folder: string, facts: RunFacts) {
    this.#folder = folder;
    this.#facts = facts;
    this.#writeFacts(facts);
    this.#events = openSync(join(folder, eventsFileName), 'a');
  }

  handle(event: FlowEvent): void {
    this.#write(`${JSON.stringify(event)}\n`);
    if (event.type === 'task-ended' && event.product !== undefined && 'key' in event.result) {
      this.#lead(event.task, event.result, event.product.outputs);
    }
    if (event.type === 'run-ended') this.#writeEnd(event);
  }

  /** Writes what is left. False if the disk is full: then the folder lacks the end of the run. */
  close(): boolean {
    this.#write('');
    closeSync(this.#events);
    if (this.#unlinked.length > 0) {
      this.#unlessFull(() => {
        makeOwnFolder(join(this.#folder, 'outputs'));
        writeFileSync(join(this.#folder, 'outputs', unlinkedFileName), this.#unlinked.join(''));
      });
    }
    return this.#held.length === 0 && this.#isWhole;
  }

  #unlessFull(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#isWhole = false;
    }
  }

  /** Of a full disk the event waits for the next one, until which there may be room: the run goes on. */
  #write(text: string): void {
    this.#held = Buffer.concat([this.#held, Buffer.from(text)]);
    try {
      while (this.#held.length > 0) this.#held = this.#held.subarray(writeSync(this.#events, this.#held));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  /** A link to the folder of a task's outputs in the cache; of very many results from the cache, a line in a list. */
  #lead(task: string, { outcome, key }: Extract<TaskOutcome, { key: string }>, outputs: TaskProduct['outputs']): void {
    const [output] = outputs;
    if (output === undefined) return;
    const stored = `${output.path.slice(0, output.path.lastIndexOf(`/${key}/`))}/${key}/outputs`;
    const link = outputsLinkOf(this.#folder, task);
    const folder = dirname(link);
    this.#leads += 1;
    const isPage = outputs.some(({ kind }) => kind === 'page');
    const isLinked = outcome === 'done' || isPage || this.#leads <= maxLinks;
    if (!isLinked || !tryLink(relative(folder, stored), link)) {
      this.#unlinked.push(`${task}\t${relative(folder, stored)}\n`);
    }
  }

  #writeEnd(event: Extract<FlowEvent, { type: 'run-ended' }>): void {
    const { outcome, counts, figures } = event;
    const end = { endedAt: new Date(event.at).toISOString(), outcome, counts, figures };
    this.#unlessFull(() => {
      this.#writeFacts({ ...this.#facts, end });
    });
  }

  #writeFacts(facts: RunFacts): void {
    // Whole or not at all for every reader, also after a kill. A record is not worth waiting for the disk twice a run.
    const file = join(this.#folder, runFileName);
    writeFileSync(`${file}.new`, `${JSON.stringify(facts, null, 1)}\n`);
    renameSync(`${file}.new`, file);
  }
}

/** False where there is no room for it, or a link of that name. */
function tryLink(target: string, link: string): boolean {
  try {
    makeOwnFolder(dirname(link));
    symlinkSync(target, link);
    return true;
  } catch (error) {
    // A task of a file system that does not tell large letters from small ones.
    if (isFull(error) || errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}

/**
 * Points `runs/latest/<experiment>` at a run, for people and scripts that want a name that stays. Returns what prevents it,
 * such as a folder of the user's own in its place; undefined if nothing does.
 */
export function linkLatest(runsFolder: string, experiment: string, folder: string): string | undefined {
  const link = join(runsFolder, 'latest', experimentFileName(experiment));
  // By a rename: runs that end at the same time replace each other's link, and there is one at every moment.
  const temporary = `${link}.${process.pid}`;
  try {
    makeOwnFolder(dirname(link));
    rmSync(temporary, { force: true });
    symlinkSync(relative(dirname(link), folder), temporary);
    renameSync(temporary, link);
    return undefined;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    if (existsSync(temporary)) rmSync(temporary);
    return `${link} does not lead to this run: ${error instanceof Error ? error.message : String(error)}`;
  }
}

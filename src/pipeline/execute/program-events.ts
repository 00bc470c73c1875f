import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { StageEvent } from '../../stage-api/stage.ts';

const pieceBytes = 1 << 16;
/** A longer line is no event. */
const maxLineBytes = 1 << 20;
/** Lines that are no events are told up to so many. */
const toldProblems = 5;

/** What is done with what a program tells. */
export interface ProgramEventsOptions {
  readonly onEvent: (event: StageEvent) => void;
  /** A line without what must not be recorded. */
  readonly redact: (line: string) => string;
}

/**
 * Follows the file to which a program appends its events, a line of JSON each: the same objects that a stage
 * hands to `context.emit` (docs/stages.md). Of other lines a warning tells, since a training must not end by its diary.
 */
export class ProgramEvents {
  readonly #file: string;
  readonly #options: ProgramEventsOptions;
  #offset = 0;
  #held = Buffer.alloc(0);
  #line = 0;
  #problems = 0;

  constructor(file: string, options: ProgramEventsOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Reads the lines that were added since the last time; a line without its end waits. */
  read(): void {
    if (!existsSync(this.#file)) return;
    const descriptor = openSync(this.#file, 'r');
    try {
      const piece = Buffer.alloc(pieceBytes);
      for (;;) {
        const count = readSync(descriptor, piece, 0, pieceBytes, this.#offset);
        if (count === 0) return;
        this.#offset += count;
        this.#take(piece.subarray(0, count));
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** To be called when the program has ended: nothing is added to its last line any more. */
  end(): void {
    this.read();
    if (this.#held.length > 0) this.#handle(this.#held.toString('utf8'));
    this.#held = Buffer.alloc(0);
    const more = this.#problems - toldProblems;
    if (more > 0) this.#warn(`and ${more} more lines of $FLOW_EVENTS that are no events`);
  }

  #take(piece: Buffer): void {
    let held = Buffer.concat([this.#held, piece]);
    for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a)) {
      this.#handle(held.toString('utf8', 0, end));
      held = held.subarray(end + 1);
    }
    // What is too long to be an event is cut, and told when its line ends.
    this.#held = Buffer.from(held.subarray(0, maxLineBytes));
  }

  #handle(written: string): void {
    this.#line += 1;
    if (written.trim() === '') return;
    const event = parseEvent(this.#options.redact(written));
    if (typeof event !== 'string') {
      this.#options.onEvent(event);
      return;
    }
    this.#problems += 1;
    if (this.#problems <= toldProblems) this.#warn(`line ${this.#line} of $FLOW_EVENTS is no event: ${event}`);
  }

  #warn(message: string): void {
    this.#options.onEvent({ type: 'log', level: 'warning', message });
  }
}

/**
 * Prepares the events of an earlier attempt for one that resumes: points of curves stay, and are told again. Those after
 * the last checkpoint too, since a kill may fall between the checkpoint and its event: the steps that are computed once
 * more replace them. Returns the step of the last checkpoint that was told.
 */
export function keepCurves(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .map(parseEvent)
    .filter((event) => typeof event !== 'string');
  const checkpoint = events.findLast((event) => event.type === 'checkpoint');
  const points = events.filter((event) => event.type === 'metric' && event.step !== undefined);
  const kept = [...points, ...(checkpoint === undefined ? [] : [checkpoint])];
  writeFileAtomic(file, kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return checkpoint?.step;
}

/** A line as an event, or in words what it lacks to be one. */
function parseEvent(line: string): StageEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return /\b(NaN|Infinity)\b/.test(line) ? 'NaN and Infinity are not JSON' : 'expected an object as JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected an object as JSON';
  const given = value as Readonly<Record<string, unknown>>;
  switch (given['type']) {
    case 'progress':
      return progressOf(given);
    case 'metric':
      return metricOf(given);
    case 'checkpoint':
      return isCount(given['step']) ? { type: 'checkpoint', step: given['step'] } : 'expected "step", a whole number';
    case 'log':
      return logOf(given);
    default:
      return 'expected "type" to be progress, metric, checkpoint or log';
  }
}

type Given = Readonly<Record<string, unknown>>;

function progressOf({ done, total, unit = 'steps', figures = {} }: Given): StageEvent | string {
  if (!isNumber(done)) return 'expected "done", a number';
  if (total !== undefined && total !== null && !isNumber(total)) return 'expected "total" to be a number';
  if (typeof unit !== 'string') return 'expected "unit" to be a string';
  if (!isFigures(figures)) return 'expected "figures" to be an object of numbers';
  return { type: 'progress', done, ...(isNumber(total) ? { total } : {}), unit, figures };
}

function metricOf({ name, value, step }: Given): StageEvent | string {
  if (typeof name !== 'string' || name === '') return 'expected "name", a string';
  if (!isNumber(value)) return 'expected "value", a number';
  if (step === undefined || step === null) return { type: 'metric', name, value };
  return isCount(step) ? { type: 'metric', name, value, step } : 'expected "step" to be a whole number';
}

function logOf({ level = 'info', message }: Given): StageEvent | string {
  if (level !== 'info' && level !== 'warning') return 'expected "level" to be info or warning';
  return typeof message === 'string' ? { type: 'log', level, message } : 'expected "message", a string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isFigures(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isNumber);
}

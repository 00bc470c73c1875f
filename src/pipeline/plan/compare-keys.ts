import { canonicalJson, type Json } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { TextLocation } from '../../core/failure.ts';
import { lineagePort } from '../../stage-api/lineage.ts';
import { referencesPort } from '../../stage-api/references.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import { pathOf, pointerTo } from '../experiment/node.ts';
import type { KeyDocument } from './key-document.ts';

/** Why a task has to run, one entry per part of its key that differs from its last execution. */
export interface Reason {
  readonly code: ReasonCode;
  /** One line for people: `loss.margin 0.5 -> 0.4 (arcface-r100.yaml:14)`. */
  readonly text: string;
}

export type ReasonCode =
  | 'never-run'
  /** It was run, but no attempt produced a result that was kept. */
  | 'never-finished'
  | 'stage'
  | 'stage-version'
  | 'stage-code'
  | 'param'
  | 'input'
  | 'seed'
  | 'engine'
  | 'environment'
  | 'program'
  | 'forced'
  /** The result was known, but it is no longer in the cache. */
  | 'cache-entry-lost'
  /** It is in the cache, but differs from what was stored. */
  | 'cache-entry-damaged'
  /** A task it takes inputs from has to run; the content of its outputs is unknown until then. */
  | 'upstream';

/** Every part in which the key document of a task differs from that of its last execution, with both values. */
export function compareKeys(before: KeyDocument, now: KeyDocument, task: TaskSpec): Reason[] {
  if (before.stage.name !== now.stage.name) {
    return [{ code: 'stage', text: `uses ${before.stage.name} -> ${now.stage.name}${placeOf(task.at)}` }];
  }
  const reasons: Reason[] = [];
  if (before.stage.version !== now.stage.version) {
    const versions = `${String(before.stage.version)} -> ${String(now.stage.version)}`;
    reasons.push({ code: 'stage-version', text: `stage ${now.stage.name} version ${versions}` });
  }
  if (before.stage.code !== now.stage.code) {
    reasons.push({ code: 'stage-code', text: `${task.kind.ownFolder ?? now.stage.name} changed` });
  }
  for (const change of changesOf(before.params, now.params)) {
    reasons.push({ code: 'param', text: `${change.text}${placeOf(task.locate(change.pointer))}` });
  }
  reasons.push(...inputReasons(before, now, task));
  if (before.seed !== now.seed) {
    reasons.push({ code: 'seed', text: `seed ${shown(before.seed)} -> ${shown(now.seed)}` });
  }
  if (engineText(before.engine) !== engineText(now.engine)) {
    reasons.push({ code: 'engine', text: `engine ${engineText(before.engine)} -> ${engineText(now.engine)}` });
  }
  for (const change of changesOf(before.environment ?? {}, now.environment ?? {})) {
    const at = task.environment[change.pointer.slice(1)]?.at;
    reasons.push({ code: 'environment', text: `env ${change.text}${placeOf(at)}` });
  }
  if (before.program !== now.program) {
    reasons.push({ code: 'program', text: `program ${shown(before.program)} -> ${shown(now.program)}` });
  }
  return reasons;
}

interface Change {
  readonly pointer: string;
  readonly text: string;
}

/** The innermost values that differ; maps are entered, lists are shown whole. */
function changesOf(before: Json, now: Json, pointer = ''): Change[] {
  if (isMap(before) && isMap(now)) {
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
      const inside = pointerTo(pointer, name);
      const [old, current] = [before[name], now[name]];
      if (old === undefined) return [{ pointer: inside, text: `${pathOf(inside)} added: ${shown(current)}` }];
      if (current === undefined) return [{ pointer: inside, text: `${pathOf(inside)} removed: ${shown(old)}` }];
      return changesOf(old, current, inside);
    });
  }
  if (canonicalJson(before) === canonicalJson(now)) return [];
  return [{ pointer, text: `${pathOf(pointer)} ${shown(before)} -> ${shown(now)}` }];
}

function inputReasons(before: KeyDocument, now: KeyDocument, task: TaskSpec): Reason[] {
  const ports = [...new Set([...Object.keys(before.inputs), ...Object.keys(now.inputs)])];
  return ports.flatMap((port): Reason[] => {
    const [old = [], current = []] = [before.inputs[port], now.inputs[port]];
    if (old.join() === current.join()) return [];
    return [{ code: 'input', text: inputText({ port, old, current, task }) }];
  });
}

/** `input images changed: datasets/faces, content 1f0c.. -> 9a3b.. (lfw.yaml:7)`: the port, and what of it is new. */
function inputText(input: {
  port: string;
  old: readonly string[];
  current: readonly string[];
  task: TaskSpec;
}): string {
  const { port, old, current, task } = input;
  if (port === referencesPort && task.kind.manifest.references === true) {
    return 'files changed that its inputs name and that are outside of them';
  }
  if (old.length === 0) return `input ${port} added`;
  if (current.length === 0) return `input ${port} removed`;
  if (port === lineagePort && task.kind.manifest.lineage === true) return 'the history of its inputs changed';
  const bindings = task.inputs[port] ?? [];
  const changed = bindings.filter((_, index) => current[index] !== undefined && !old.includes(current[index]));
  if (changed.length > 0) {
    const names = changed.map((each) => (each.type === 'path' ? each.written : `${each.output} of ${each.task}`));
    const [from = '', ...moreOld] = old;
    const [to = '', ...moreCurrent] = current;
    const isOne = moreOld.length + moreCurrent.length === 0;
    const contents = isOne ? `, content ${from.slice(0, 12)} -> ${to.slice(0, 12)}` : '';
    return `input ${port} changed: ${names.join(', ')}${contents}${placeOf(changed[0]?.at)}`;
  }
  return old.length === current.length
    ? `input ${port} changed its order`
    : `input ${port}: ${String(old.length)} -> ${String(current.length)} artifacts`;
}

function isMap(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function engineText(engine: EngineIdentity | undefined): string {
  return engine === undefined ? 'none' : `${engine.name} ${engine.version}`;
}

function placeOf(at: TextLocation | undefined): string {
  if (at === undefined) return '';
  // An argument is shown as it was typed.
  if (at.file.startsWith('--')) return ` (${at.file} ${at.sourceLine ?? ''})`;
  return ` (${at.file}:${String(at.line)})`;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkedManifest } from './check-manifest.ts';
import { stageKeys } from './experiment-keys.ts';
import type { StageKind } from './experiment.ts';
import { MapReader, suggestion } from './map-reader.ts';
import type { MapNode } from './node.ts';
import type { Problems } from './problems.ts';
import { readManifest } from './read-manifest.ts';
import type { Span } from './source-text.ts';
import { builtInStageNames, findStage, type StageFolders } from './stage-folders.ts';

/** A stage as the file has it, its references not yet resolved. */
export interface StageDraft {
  readonly name: string;
  /** What it is called in errors: `stage "train"`. */
  readonly owner: string;
  /** Where its name is written. */
  readonly at: Span;
  readonly kind: StageKind;
  /** Everything under its name. */
  readonly map: MapNode;
}

/** Reads the `stages` of an experiment and finds the kind of each. */
export class StageReader {
  readonly #workspace: string;
  readonly #builtIn: StageFolders;
  readonly #problems: Problems;
  readonly #kinds = new Map<string, StageKind>();

  constructor(workspace: string, builtIn: StageFolders, problems: Problems) {
    this.#workspace = workspace;
    this.#builtIn = builtIn;
    this.#problems = problems;
  }

  /** Stages whose kind cannot be found are reported and left out. */
  read(stages: MapNode): StageDraft[] {
    const drafts: StageDraft[] = [];
    for (const [name, { key, value }] of stages.entries) {
      if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
        const message = `"${name}" is no name for a stage: expected a letter, then letters, digits, "-" or "_"`;
        this.#problems.add({ code: 'bad-name', message, at: key });
      } else if (value.type === 'map') {
        const draft = this.#readStage(name, key, value);
        if (draft !== undefined) drafts.push(draft);
      } else {
        const message = `stage "${name}" must be a map with "uses" and "with"`;
        this.#problems.add({ code: 'wrong-type', message, at: key });
      }
    }
    return drafts;
  }

  #readStage(name: string, at: Span, map: MapNode): StageDraft | undefined {
    const owner = `stage "${name}"`;
    const reader = new MapReader({ ...map, at }, this.#problems, owner);
    reader.refuseOthers(Object.keys(stageKeys));
    reader.require('uses');
    const uses = reader.text('uses');
    const kind = uses === undefined ? undefined : this.#kindOf(uses, map.entries.get('uses')?.value.at ?? at);
    return kind && { name, owner, at, kind, map };
  }

  #kindOf(uses: string, at: Span): StageKind | undefined {
    const known = this.#kinds.get(uses);
    if (known !== undefined) return known;
    const found = findStage(uses, this.#workspace, this.#builtIn);
    if (found === undefined) {
      this.#reportUnknown(uses, at);
      return undefined;
    }
    const { folder, entry } = found;
    const context = { workspace: this.#workspace, stageFolders: this.#builtIn, at, problems: this.#problems };
    const manifest = found.builtIn ? readManifest(folder) : checkedManifest(found, context);
    if (manifest === undefined) return undefined;
    const kind = { manifest, folder, entry, ...(found.builtIn ? {} : { written: uses.replace(/^(\.\/)+/, '') }) };
    this.#kinds.set(uses, kind);
    return kind;
  }

  #reportUnknown(uses: string, at: Span): void {
    const names = builtInStageNames(this.#builtIn);
    const isFolder = uses.startsWith('.') && existsSync(join(this.#workspace, uses));
    const message = isFolder
      ? `the folder ${uses} has no stage.json`
      : `there is no stage "${uses}"${suggestion(uses, names)}`;
    const hint = `Stages: ${names.join(', ')}; or a folder of the workspace, as in "./stages/mine".`;
    this.#problems.add({ code: 'unknown-stage-kind', message, at, hint });
  }
}

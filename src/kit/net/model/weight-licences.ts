import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../core/package-folder.ts';

/** What may be done with trained weights, as their publishers say it (setup/licences.json). */
export interface WeightLicence {
  readonly name: string;
  /** `installed`: npm ci brings it. `fetched`: a command does. `named`: a document or an option names it; users have it, or not. */
  readonly presence: 'installed' | 'fetched' | 'named';
  /** Files by which it is recognised, in whatever folder and under whatever name. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly origin: string;
  readonly licence: string;
  readonly trainingData: string;
  /** `any`, as its licence goes; `research`: for research that is not commercial. */
  readonly allowedUse: 'any' | 'research';
  /** What of faceflow reads it. */
  readonly usedBy: string;
}

let known: readonly WeightLicence[] | undefined;

/** Every weight file that faceflow is installed with, fetches or names. */
export function weightLicences(): readonly WeightLicence[] {
  if (known === undefined) {
    const text = readFileSync(join(packageFolder(), 'setup', 'licences.json'), 'utf8');
    known = (JSON.parse(text) as { readonly weights: readonly WeightLicence[] }).weights;
  }
  return known;
}

/** The licences of files with these SHA-256, each once; files that are not known have none. */
export function licencesOf(digests: Iterable<string>): readonly WeightLicence[] {
  const wanted = new Set(digests);
  return weightLicences().filter(({ files }) => files.some(({ sha256 }) => wanted.has(sha256)));
}

/** The same of models, each a file or a folder of files, which are recognised by their content. */
export function licencesOfModels(paths: Iterable<string>): readonly WeightLicence[] {
  return licencesOf([...paths].flatMap(filesAt).map(sha256Of));
}

/** What a stage says before it computes with weights that are for research only; undefined of others. */
export function researchNotice(licences: readonly WeightLicence[]): string | undefined {
  const names = licences.filter(({ allowedUse }) => allowedUse === 'research').map(({ name }) => name);
  if (names.length === 0) return undefined;
  return `the weights of ${names.join(' and ')} are for research that is not commercial only; flow doctor lists licences`;
}

/** In one line, for people. */
export function licenceText({ licence, allowedUse, trainingData }: WeightLicence): string {
  const use = allowedUse === 'any' ? 'any use' : 'research only';
  return `${licence} (${use}); trained on: ${trainingData}`;
}

function filesAt(named: string): readonly string[] {
  // One network of a file with several is named by what follows a #.
  const path = existsSync(named) ? named : named.replace(/#[^/#]*$/, '');
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return [path, ...besides(path)];
  if (stat?.isDirectory() !== true) return [];
  const inside = readdirSync(path, { withFileTypes: true });
  return inside.filter((entry) => entry.isFile()).map(({ name }) => join(path, name));
}

/** Of a model that is named by its description, the file of its values. */
function besides(path: string): readonly string[] {
  const values = [
    path.replace(/-symbol\.json$/, '-0000.params'),
    path.replace(/\.prototxt$/, '.caffemodel'),
    path.replace(/-weights_manifest\.json$/, '-shard1'),
  ];
  return values.filter((file) => file !== path && existsSync(file));
}

/** Of a file of any size. */
function sha256Of(file: string): string {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    for (;;) {
      const got = readSync(descriptor, chunk, 0, chunk.length, null);
      if (got === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, got));
    }
  } finally {
    closeSync(descriptor);
  }
}

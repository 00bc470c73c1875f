import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @typedef {{ reason: string, remedy?: string }} Instead why an engine serves although there is a better one */

/**
 * Where set-up keeps what it found out; `npm ci` removes it together with what it describes.
 *
 * @param {string} root folder of this package
 */
export function recordFolder(root) {
  return join(root, 'node_modules', '.faceflow');
}

/**
 * Writes engine.json, which src/kit/net/engines/engine-record.ts describes and reads.
 *
 * @param {string} root folder of this package
 * @param {{ proof: import('./prove-engine.mjs').Proof, files: readonly string[], instead?: Instead }} content
 */
export function writeEngineRecord(root, { proof, files, instead }) {
  const path = join(recordFolder(root), 'engine.json');
  const record = {
    format: 'faceflow-engine',
    version: 1,
    engine: proof.engine,
    devices: proof.devices,
    ...(instead === undefined ? {} : { instead }),
    files,
    proof: { at: new Date().toISOString(), node: process.version, computed: proof.computed },
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

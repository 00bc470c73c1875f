import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where unpacked libraries are kept for all checkouts of this user: `$FLOW_LIBRARIES/faceflow`, or as the XDG base
 * directory specification has it.
 *
 * @param {Record<string, string | undefined>} environment
 */
export function cacheFolder(environment) {
  const base = environment['FLOW_LIBRARIES'] || environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(resolve(base), 'faceflow');
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * Brings the optional packages back, as the lock file has them, where npm has removed them. npm before 11.16 does not
 * know `allowScripts`: it runs the packages' own install scripts, which fetch libraries that are not used here, and
 * drops an optional package whose script fails. That is why they are optional in package.json.
 *
 * @param {string} root folder of this package
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<readonly string[]>} the packages that were missing
 */
export async function ensurePackages(root, environment) {
  const missing = missingPackages(root);
  if (missing.length === 0) return [];
  const { output } = await runNpm(['install', '--no-save', '--ignore-scripts', '--prefer-offline'], {
    cwd: root,
    environment,
  });
  const stillMissing = missingPackages(root);
  if (stillMissing.length === 0) return missing;
  throw new SetupFailure(
    `npm could not install ${stillMissing.join(' and ')}: ${output.trim().split('\n').at(-1) ?? ''}`,
    'with a network: npm run setup',
  );
}

/** @param {string} root */
function missingPackages(root) {
  /** @type {{ optionalDependencies: Record<string, string> }} */
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys(optionalDependencies).filter(
    (name) => !existsSync(join(root, 'node_modules', name, 'package.json')),
  );
}

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** SwiftShader, a graphics processor in software, which Debian's Chromium brings with the loader of Vulkan. */
const chromium = '/usr/lib/chromium';
const driver = `${chromium}/vk_swiftshader_icd.json`;
const loader = `${chromium}/libvulkan.so.1`;

/** The file that is missing; undefined where there is a graphics processor to test with. */
export const missingDevice = [driver, loader].find((file) => !existsSync(file));

/** For names of tests. */
export const whyNoDevice = missingDevice === undefined ? '' : ` (not tested: there is no ${missingDevice})`;

/** Variables with which a process of its own finds it. */
export const deviceEnvironment = { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: chromium } as const;

/** Has this process find it. */
export function openDevice(): void {
  process.env['VK_ICD_FILENAMES'] ??= driver;
  // Found by its name from here on.
  (createRequire(import.meta.url)('koffi') as { load(file: string): unknown }).load(loader);
}

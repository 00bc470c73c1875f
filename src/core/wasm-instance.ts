import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

/** The types of Node.js 20 lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const compiled = new Map<string, object>();

/** A new instance, with a memory of its own, of `wasm/<name>`; what its source exports. A thread compiles it once. */
export function wasmInstance(name: 'jpeg' | 'resize' | 'scores' | 'search'): unknown {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(join(packageFolder(), 'dist/wasm', `${name}.wasm`)));
    compiled.set(name, module);
  }
  return new WebAssembly.Instance(module).exports;
}

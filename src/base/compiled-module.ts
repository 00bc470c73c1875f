/**
 * The address of a compiled module for a worker thread, given the address of a module of ours and the worker's path
 * beside it without extension. Where the module itself runs as TypeScript (tests), the worker is the one in dist/: Node
 * does not run TypeScript in worker threads.
 */
export function compiledModule(besides: string, name: string): URL {
  const url = new URL(name, besides);
  if (!besides.endsWith('.ts')) return new URL(`${url.href}.js`);
  const top = /^(.*)\/((?:src|stages)\/.*)$/.exec(url.href);
  if (top === null) throw new Error(`${besides} is neither in src nor in stages`);
  return new URL(`${top[1] ?? ''}/dist/${top[2] ?? ''}.js`);
}

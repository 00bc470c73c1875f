import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded into the runner by bench/walk.ts: writes the stack, awaited callers included, of each process it starts.
Error.stackTraceLimit = 100;
const stacks = process.env['WALK_STACKS'] ?? '';
childProcess.spawn = new Proxy(childProcess.spawn, {
  apply(spawn, self, call) {
    const { stack } = new Error(JSON.stringify(call.slice(0, 2)));
    appendFileSync(stacks, `${stack ?? ''}\n\n`);
    /** @type {unknown} */
    const child = Reflect.apply(spawn, self, call);
    return child;
  },
});
syncBuiltinESMExports();

#!/usr/bin/env node
import module from 'node:module';

// Node 22 keeps compiled code between runs; Node 20 compiles anew each time.
module.enableCompileCache?.();
const { main } = await import('../dist/src/flow/main.js');

process.exitCode = await main(process);

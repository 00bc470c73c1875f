import type { Interruption } from '../pipeline/execute/interruption.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Lets Ctrl-C and its kin stop a run in order, and a second one at once. Gives the function that undoes it. */
export function handleSignals(interruption: Interruption): () => void {
  const escalate = (): void => {
    interruption.escalate();
  };
  for (const signal of stopSignals) process.on(signal, escalate);
  return () => {
    for (const signal of stopSignals) process.off(signal, escalate);
  };
}

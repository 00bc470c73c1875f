/** What the command's exit status means. */
export const exitCode = {
  done: 0,
  /** A task failed. */
  taskFailed: 1,
  /** The experiment or the call is wrong. */
  wrongCall: 2,
  /** A defect of ours. */
  defect: 3,
  /** Stopped by a signal, as shells report SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

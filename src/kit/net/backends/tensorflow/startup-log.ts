import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/*
 * What libtensorflow says of itself when it is opened goes to standard error whatever TF_CPP_MIN_LOG_LEVEL is: messages
 * before absl::InitializeLog(), which nobody calls who loads the library from elsewhere. So they are taken out of what
 * was printed. Warnings, errors and all that is not known to be chatter stay.
 */

const chatter = [
  /^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$/,
  // Level I, information: `I0000 00:00:1795512624.149953   15121 port.cc:153] oneDNN custom operations are on. ...`
  /^I\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w./-]+:\d+\] /,
  // The second line of one of those, by cpu_feature_guard.cc.
  /^To enable the following instructions: .* rebuild TensorFlow with the appropriate compiler flags\.$/,
];

/** Whether a line of standard error is nothing but TensorFlow's account of itself. */
export function isStartupNoise(line: string): boolean {
  return chatter.some((pattern) => pattern.test(line));
}

const standardError = 2;

/**
 * Loads TensorFlow. Where standard error is a log file, as in the process of a task, what TensorFlow says of itself meanwhile is taken
 * out of it again; the process may die on the way, and everything is in the log then. A pipe is for its reader to filter.
 */
export async function suppressStartupLog<Result>(load: () => Promise<Result>): Promise<Result> {
  const before = logLength();
  try {
    return await load();
  } finally {
    if (before !== undefined) takeOut(before);
  }
}

/** Bytes in the log that is our standard error; undefined where that is none, or cannot be read. */
function logLength(): number | undefined {
  const stat = fstatSync(standardError);
  return stat.isFile() && existsSync(logPath) ? stat.size : undefined;
}

/** The same file, whatever its name is by now: proc_pid_fd(5). */
const logPath = `/proc/self/fd/${standardError}`;

function takeOut(start: number): void {
  const descriptor = openSync(logPath, 'r+');
  try {
    const printed = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - start));
    const text = printed.toString('utf8', 0, readSync(descriptor, printed, 0, printed.length, start));
    const kept = text
      .split('\n')
      .filter((line) => !isStartupNoise(line))
      .join('\n');
    if (kept === text) return;
    // The log is opened for appending: what follows goes behind the new end.
    ftruncateSync(descriptor, start);
    writeSync(descriptor, kept, start);
  } finally {
    closeSync(descriptor);
  }
}

import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/*
 * libtensorflow logs its start to standard error whatever TF_CPP_MIN_LOG_LEVEL is: messages before absl::InitializeLog(),
 * which programs that load it as a library do not call. So they are removed from what was printed. Warnings, errors and
 * all lines that are not known to be noise stay.
 */

const noise = [
  /^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$/,
  // Level I, information: `I0000 00:00:1795512624.149953   15121 port.cc:153] oneDNN custom operations are on. ...`
  /^I\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w./-]+:\d+\] /,
  // The second line of one of those, by cpu_feature_guard.cc.
  /^To enable the following instructions: .* rebuild TensorFlow with the appropriate compiler flags\.$/,
];

/** Whether a line of standard error is only TensorFlow's log of its own start. */
export function isStartupNoise(line: string): boolean {
  return noise.some((pattern) => pattern.test(line));
}

const standardError = 2;

/**
 * Loads TensorFlow. Where standard error is a log file, as in the process of a task, what TensorFlow logs of its start is removed
 * afterwards; if the process dies on the way, everything is in the log. A pipe is for its reader to filter.
 */
export async function suppressStartupLog<Result>(load: () => Promise<Result>): Promise<Result> {
  const before = logLength();
  try {
    return await load();
  } finally {
    if (before !== undefined) removeNoise(before);
  }
}

/** Bytes in the log that is our standard error; undefined if that is not a file, or cannot be read. */
function logLength(): number | undefined {
  const stat = fstatSync(standardError);
  return stat.isFile() && existsSync(logPath) ? stat.size : undefined;
}

/** The same file, whatever its name is by now: proc_pid_fd(5). */
const logPath = `/proc/self/fd/${standardError}`;

function removeNoise(start: number): void {
  const descriptor = openSync(logPath, 'r+');
  try {
    const printed = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - start));
    const text = printed.toString('utf8', 0, readSync(descriptor, printed, 0, printed.length, start));
    const kept = text
      .split('\n')
      .filter((line) => !isStartupNoise(line))
      .join('\n');
    if (kept === text) return;
    // The log is opened for appending: what follows is written after the new end.
    ftruncateSync(descriptor, start);
    writeSync(descriptor, kept, start);
  } finally {
    closeSync(descriptor);
  }
}

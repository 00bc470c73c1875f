/** Upper ends of the classes of times, in seconds. */
const classes = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

interface Times {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Counters and times of requests as Prometheus reads them (text format 0.0.4). */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #times = new Map<string, Times>();
  readonly #gauges: Readonly<Record<string, () => number>>;

  /** `gauges`: values of now, by name; those that end in `_total` only grow. */
  constructor(gauges: Readonly<Record<string, () => number>>) {
    this.#gauges = gauges;
  }

  /** A request to an operation that was answered with a status after so many seconds. */
  add(operation: string, status: number, seconds: number): void {
    const key = `operation="${operation}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const times = this.#times.get(operation) ?? { counts: classes.map(() => 0), sum: 0, count: 0 };
    this.#times.set(operation, times);
    times.sum += seconds;
    times.count += 1;
    for (const [index, end] of classes.entries())
      if (seconds <= end) times.counts[index] = (times.counts[index] ?? 0) + 1;
  }

  text(): string {
    const lines = ['# TYPE faceflow_requests_total counter'];
    for (const [labels, count] of this.#requests) lines.push(`faceflow_requests_total{${labels}} ${count}`);
    lines.push('# TYPE faceflow_request_seconds histogram');
    for (const [operation, { counts, sum, count }] of this.#times) {
      const label = `operation="${operation}"`;
      for (const [index, end] of classes.entries()) {
        lines.push(`faceflow_request_seconds_bucket{${label},le="${end}"} ${counts[index] ?? 0}`);
      }
      lines.push(`faceflow_request_seconds_bucket{${label},le="+Inf"} ${count}`);
      lines.push(`faceflow_request_seconds_sum{${label}} ${sum}`, `faceflow_request_seconds_count{${label}} ${count}`);
    }
    for (const [name, value] of Object.entries(this.#gauges)) {
      lines.push(
        `# TYPE faceflow_${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`,
        `faceflow_${name} ${value()}`,
      );
    }
    return `${lines.join('\n')}\n`;
  }
}

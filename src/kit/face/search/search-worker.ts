import { serveJobs } from '../../../core/worker-pool.ts';
import { type BoundedRow, CodeTable } from './code-table.ts';

/** What a thread of a search is started with. */
export interface SearchSetup {
  /** Numbers of a vector. */
  readonly columns: number;
}

export type SearchJob =
  /** `values`: a vector for each row, behind each other. */
  | { readonly kind: 'write'; readonly rows: Int32Array; readonly groups: Int32Array; readonly values: Float32Array }
  | { readonly kind: 'free'; readonly rows: Int32Array }
  /** Scores the rows of a group and answers the `count` that are surely highest. */
  | { readonly kind: 'score'; readonly query: Float32Array; readonly group: number; readonly count: number }
  /** More of the last scores. */
  | { readonly kind: 'highest'; readonly count: number }
  /** All rows that may reach a score, of the last scores. */
  | { readonly kind: 'reaching'; readonly least: number };

serveJobs(({ columns }: SearchSetup) => {
  const table = new CodeTable(columns);
  return (job: SearchJob) => Promise.resolve(done(table, columns, job));
});

function done(table: CodeTable, columns: number, job: SearchJob): readonly BoundedRow[] {
  switch (job.kind) {
    case 'write':
      for (const [place, row] of job.rows.entries()) {
        table.write(row, job.groups[place] ?? 0, job.values.subarray(place * columns, (place + 1) * columns));
      }
      return [];
    case 'free':
      for (const row of job.rows) table.free(row);
      return [];
    case 'score':
      table.score(job.query, job.group);
      return table.highest(job.count);
    case 'highest':
      return table.highest(job.count);
    case 'reaching':
      return table.reaching(job.least);
  }
}

import { createHash } from 'node:crypto';
import { openSqlite } from '../../src/core/sqlite.ts';
import { Random } from '../../src/core/random.ts';
import { Galleries } from '../../src/service/galleries.ts';

/** Rows that are drawn; those that follow are these with their columns moved on by one for each time. */
const drawnRows = 65_536;
/** In one gallery, `all`. */
const imagesOfPerson = 5;

/** Vectors of length 1 of drawn persons: half of an image is its person, half its own, so that two images of one have a similarity of 0.5, and those of two persons about 0. */
export class DrawnGallery {
  readonly #columns: number;
  readonly #persons: number;
  readonly #own: Float32Array;
  readonly #shared: Float32Array;

  /** `dimensions`: of the space in which the directions of persons lie. */
  constructor(rows: number, columns: number, dimensions: number) {
    this.#columns = columns;
    this.#persons = Math.ceil(rows / imagesOfPerson);
    this.#own = drawnPool(1, columns);
    this.#shared = dimensions === columns ? drawnPool(2, columns) : drawnInSpace(2, columns, dimensions);
  }

  personOf(row: number): number {
    return row % this.#persons;
  }

  /** Rows beyond those of the gallery are other images of its persons. */
  vector(row: number): Float32Array {
    return this.#mixed(moved(this.#own, this.#columns, row), this.personOf(row));
  }

  /** Of nobody in the gallery. */
  stranger(row: number): Float32Array {
    return this.#mixed(moved(this.#own, this.#columns, row), this.#persons + row);
  }

  #mixed(own: Float32Array, person: number): Float32Array {
    const shared = moved(this.#shared, this.#columns, person);
    const sum = own.map((value, column) => value + (shared[column] ?? 0));
    const length = Math.hypot(...sum);
    return sum.map((value) => value / length);
  }
}

/** Rows of length 1 in random directions. */
function drawnPool(seed: number, columns: number): Float32Array {
  const random = new Random(seed);
  const pool = new Float32Array(drawnRows * columns);
  for (let row = 0; row < drawnRows; row += 1) {
    let squares = 0;
    for (let at = row * columns; at < (row + 1) * columns; at += 1) {
      const value = random.uniform() + random.uniform() - 1;
      pool[at] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let at = row * columns; at < (row + 1) * columns; at += 1) pool[at] = (pool[at] ?? 0) / length;
  }
  return pool;
}

/** The same in a space of fewer dimensions. */
function drawnInSpace(seed: number, columns: number, dimensions: number): Float32Array {
  const random = new Random(seed);
  const axes = Array.from({ length: dimensions }, () => Float64Array.from({ length: columns }, () => random.normal()));
  const pool = new Float32Array(drawnRows * columns);
  for (let row = 0; row < drawnRows; row += 1) {
    const sum = new Float64Array(columns);
    for (const axis of axes) {
      const share = random.uniform() + random.uniform() - 1;
      for (let at = 0; at < columns; at += 1) sum[at] = (sum[at] ?? 0) + share * (axis[at] ?? 0);
    }
    const length = Math.hypot(...sum);
    for (let at = 0; at < columns; at += 1) pool[row * columns + at] = (sum[at] ?? 0) / length;
  }
  return pool;
}

function moved(pool: Float32Array, columns: number, number: number): Float32Array {
  const start = (number % drawnRows) * columns;
  const by = Math.floor(number / drawnRows) % columns;
  const row = new Float32Array(columns);
  row.set(pool.subarray(start + by, start + columns));
  row.set(pool.subarray(start, start + by), columns - by);
  return row;
}

export interface WrittenGallery {
  readonly file: string;
  readonly contract: string;
  readonly rows: number;
  readonly columns: number;
  readonly dimensions: number;
}

/** Writes a file of `flow serve --galleries` by its schema; one at a time, each change synced, a million would take an hour. */
export async function writeGallery({ file, contract, rows, columns, dimensions }: WrittenGallery): Promise<void> {
  const { galleries } = await Galleries.open(file, { contract, embeddingSize: columns });
  await galleries.create('all');
  await galleries.close();
  const drawn = new DrawnGallery(rows, columns, dimensions);
  const database = openSqlite(file);
  database.pragma('synchronous = off');
  const insert = database.prepare('insert into face (gallery, person, sha256, vector) values (?, ?, ?, ?)');
  const atATime = 50_000;
  const writeSome = database.transaction((start: number) => {
    for (let row = start; row < Math.min(rows, start + atATime); row += 1) {
      const bytes = new Uint8Array(drawn.vector(row).buffer);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      insert.run('all', `p${drawn.personOf(row)}`, sha256, bytes);
    }
  });
  for (let start = 0; start < rows; start += atATime) writeSome(start);
  database.close();
}

import { type Color, mixColor, scaleColor } from './color.ts';
import type { HeadShape } from './head-shape.ts';
import type { Identity } from './identity.ts';
import { type Mesh, type Texture, gridTriangles } from './mesh.ts';
import { bump, cloudNoise, mix, smoothStep } from './noise.ts';
import { hairStreak } from './skin-paint.ts';

/** A tube around the vertical axis: rows of rings, its texture one texel per vertex. */
interface Tube {
  readonly rows: number;
  readonly columns: number;
  readonly point: (row: number, column: number) => readonly [number, number, number];
  readonly color: (row: number, column: number, point: readonly [number, number, number]) => Color;
  readonly gloss: number;
}

/** Long hair that falls beside and behind the face; undefined for short hair. */
export function buildLongHair(identity: Identity, shape: HeadShape): Mesh | undefined {
  const { hair, seed } = identity;
  if (hair.length === 0) return undefined;
  const rows = 22;
  const columns = 30;
  const start = 1.2;
  return buildTube({
    rows,
    columns,
    gloss: 0.3,
    point: (row, column) => {
      const t = row / (rows - 1);
      const angle = mix(start, 2 * Math.PI - start, column / (columns - 1));
      const y = mix(4, hair.length, t);
      const wave = (1 + 2.5 * hair.curl) * cloudNoise(seed + 40, 4 * angle, 0.06 * y + 10);
      const fall = hair.thickness + 2.5 + 4 * bump(t - 0.6, 0.35) + wave;
      const width = shape.at(Math.PI / 2, Math.min(60, y))[0] + fall * smoothStep(0, 0.25, t);
      return [width * Math.sin(angle), y, 40 * Math.cos(angle) - 2];
    },
    color: (_row, column, [x, y]) => {
      const depth = 0.75 + 0.25 * smoothStep(0, 6, Math.min(column, columns - 1 - column));
      return scaleColor(hair.color, depth * hairStreak(seed, hair.curl, 3 * column + 0.3 * x, y));
    },
  });
}

/** Neck and shoulders, with a shadow under the chin. */
export function buildTorso({ skull, skin, seed }: Identity, clothes: Color): Mesh {
  const rows = 16;
  const columns = 20;
  const chin = skull.chinY;
  return buildTube({
    rows,
    columns,
    gloss: 0.1,
    point: (row, column) => {
      const y = chin - 26 + 5 * row;
      const angle = (2 * Math.PI * column) / (columns - 1);
      const shoulder = 52 * smoothStep(chin + 14, chin + 44, y) + 10 * smoothStep(chin + 4, chin + 20, y);
      const fold = 1 + 0.02 * cloudNoise(seed + 50, 3 * angle, 0.1 * y);
      return [
        (skull.neck + shoulder) * fold * Math.sin(angle),
        y,
        (0.86 * skull.neck + 0.3 * shoulder) * Math.cos(angle) - 14,
      ];
    },
    color: (_row, _column, [x, y]) => {
      const collar = chin + 17 - 9 * bump(x, 13);
      const bare = scaleColor(skin.color, 0.6 + 0.4 * smoothStep(chin - 4, chin + 14, y));
      return mixColor(bare, clothes, smoothStep(collar - 1.5, collar + 1.5, y));
    },
  });
}

/** Both ears: flattened ellipsoids that stand off the head. */
export function buildEars({ ears, skull, skin }: Identity): readonly [Mesh, Mesh] {
  const ear = (side: -1 | 1): Mesh =>
    buildTube({
      rows: 11,
      columns: 15,
      gloss: 0.2,
      point: (row, column) => {
        const polar = (Math.PI * row) / 10;
        const around = (2 * Math.PI * column) / 14;
        const ring = Math.sin(polar);
        const out = (2.6 + 6.5 * ears.angle) * ring * Math.sin(around);
        const back = 7.5 * ears.size * ring * Math.cos(around);
        const center = skull.halfWidth + 1.5;
        return [
          side * center + out + side * -0.25 * back * ears.angle,
          61 - 11.5 * ears.size * Math.cos(polar),
          back - 2,
        ];
      },
      color: (row, column) => {
        const hollow = bump(row - 5, 2.4) * bump(column - (side === 1 ? 3 : 11), 2);
        const warm: Color = [skin.color[0], skin.color[1] * 0.86, skin.color[2] * 0.84];
        return scaleColor(warm, 1 - 0.55 * hollow);
      },
    });
  return [ear(-1), ear(1)];
}

function buildTube({ rows, columns, point, color, gloss }: Tube): Mesh {
  const positions = new Float32Array(3 * rows * columns);
  const coordinates = new Float32Array(2 * rows * columns);
  const texture: Texture = { width: columns, height: rows, texels: new Float32Array(4 * rows * columns) };
  for (let vertex = 0; vertex < rows * columns; vertex += 1) {
    const row = Math.floor(vertex / columns);
    const column = vertex % columns;
    const place = point(row, column);
    positions.set(place, 3 * vertex);
    coordinates.set([column, row], 2 * vertex);
    texture.texels.set([...color(row, column, place), gloss], 4 * vertex);
  }
  return { positions, coordinates, texture, triangles: gridTriangles(rows, columns) };
}

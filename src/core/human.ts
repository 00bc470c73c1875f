/** `850 ms`, `4.2 s`, `3 min 07 s`, `2 h 05 min`. */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${String(Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const wholeSeconds = Math.round(seconds);
  const minutes = Math.floor(wholeSeconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${pad(wholeSeconds % 60)} s`;
  return `${String(Math.floor(minutes / 60))} h ${pad(minutes % 60)} min`;
}

/** `512 B`, `1.4 KiB`, `12.0 MiB`. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${String(bytes)} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `1 task`, `12 tasks`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

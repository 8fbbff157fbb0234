/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** With three decimals. */
export function ratio(one: number, other: number): number {
  return Math.round((one / other) * 1000) / 1000;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Row = Readonly<Record<string, string | number | null>>;

/** Columns in the order of the first row's keys; numbers to the right. */
export function printTable(rows: readonly Row[]): void {
  const [first] = rows;
  if (!first) return;
  const names = Object.keys(first);
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '–')))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  for (const line of cells) {
    const padded = line.map((text, column) => {
      const width = widths[column] ?? 0;
      return typeof first[names[column] ?? ''] === 'string' ? text.padEnd(width) : text.padStart(width);
    });
    print(padded.join('  ').trimEnd());
  }
}

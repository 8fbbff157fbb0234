import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A mutation: `value` absent means the key was deleted. */
interface Entry {
  collection: string;
  key: string;
  value?: unknown;
}

/** The journal holds a line that is not one of ours, and not merely a last one that a crash cut short. */
export class JournalDamaged extends Error {
  constructor(file: string, line: number) {
    super(`${file} cannot be read at line ${line}. Restore it from a copy, or delete it to begin anew.`);
    this.name = 'JournalDamaged';
  }
}

const FILE = 'journal.jsonl';

/**
 * The simulator's memory on disk: one JSON line a mutation, written before the answer goes out, so that a process
 * killed at any moment loses nothing it had answered for. Without a directory nothing is written.
 *
 * Each line is appended by path, not through an open file: a second process that opened (and compacted) the same
 * journal by mistake does not leave the first one writing into a file that no longer has a name.
 */
export class Journal {
  private readonly file: string | undefined;
  private readonly known = new Map<string, Map<string, unknown>>();

  /** @throws JournalDamaged */
  constructor(directory: string | undefined) {
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.file = join(directory, FILE);
    if (!existsSync(this.file)) return;
    for (const entry of readEntries(this.file)) this.remember(entry);
    this.compact(this.file);
  }

  /** What the journal held of a collection when it was opened. */
  recorded(collection: string): ReadonlyMap<string, unknown> {
    return this.known.get(collection) ?? new Map<string, unknown>();
  }

  put(collection: string, key: string, value: unknown): void {
    this.append({ collection, key, value });
  }

  delete(collection: string, key: string): void {
    this.append({ collection, key });
  }

  private append(entry: Entry): void {
    if (this.file === undefined) return;
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  private remember({ collection, key, value }: Entry): void {
    const entries = this.known.get(collection) ?? new Map<string, unknown>();
    this.known.set(collection, entries);
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }

  /** The new file is complete on disk before it takes the old one's name. */
  private compact(file: string): void {
    const lines = [...this.known].flatMap(([collection, entries]) =>
      [...entries].map(([key, value]) => `${JSON.stringify({ collection, key, value })}\n`),
    );
    const next = `${file}.next`;
    writeFileSync(next, lines.join(''), { mode: 0o600 });
    const descriptor = openSync(next, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(next, file);
  }
}

/** The last line may lack its end when the process died while it was written: it was never answered for. */
function readEntries(file: string): Entry[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, index) => {
    const entry = parse(line);
    if (!isEntry(entry)) throw new JournalDamaged(file, index + 1);
    return entry;
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'collection' in value &&
    typeof value.collection === 'string' &&
    'key' in value &&
    typeof value.key === 'string'
  );
}

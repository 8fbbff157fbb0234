import { GroupCommit } from './group-commit.js';

class Full extends Error {}
class ItemsFault extends Error {}

/** A disk that writes when the test says so, and cannot write the item "bad". */
class Disk {
  readonly groups: string[][] = [];
  private finish: (() => void)[] = [];
  failure: Error | undefined;

  readonly write = async (items: readonly string[]): Promise<void> => {
    this.groups.push([...items]);
    await new Promise<void>((resolve) => this.finish.push(resolve));
    if (this.failure) throw this.failure;
    if (items.includes('bad')) throw new ItemsFault('bad');
  };

  /** Lets the writes that wait, and those they lead to, finish. */
  async spin(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) {
      for (const finish of this.finish.splice(0)) finish();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

let disk: Disk;
let commits: GroupCommit<string>;

beforeEach(() => {
  disk = new Disk();
  commits = new GroupCommit<string>({
    write: disk.write,
    isItemsFault: (error) => error instanceof ItemsFault,
    maxItems: 3,
    memory: { sizeOf: (item) => item.length, maxBytes: 10, maxWaitingBytes: 20, onFull: () => new Full() },
  });
});

describe(GroupCommit.name, () => {
  it('writes what comes alone at once', async () => {
    const added = commits.add('a');
    expect(disk.groups).toEqual([['a']]);
    await disk.spin();
    await added;
  });

  it('writes together what comes while a write is under way, up to its limits of number and size', async () => {
    const added = ['a', 'b', 'c', 'd', 'e', 'sixteen-bytes...'].map((item) => commits.add(item));
    await disk.spin();
    await Promise.all(added);
    expect(disk.groups).toEqual([['a'], ['b', 'c', 'd'], ['e'], ['sixteen-bytes...']]);
  });

  it('acknowledges nothing before it is written', async () => {
    let acknowledged = false;
    const added = commits.add('a').then(() => (acknowledged = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).toBe(false);
    await disk.spin();
    await added;
  });

  it('does not let one item fail its neighbours', async () => {
    const added = ['a', 'b', 'bad', 'c'].map((item) => commits.add(item));
    const outcomes = Promise.allSettled(added);
    await disk.spin();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('fails a group as a whole when no item is to blame, and goes on with the next', async () => {
    disk.failure = new Error('disk away');
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((item) => commits.add(item)));
    await disk.spin();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(disk.groups).toEqual([['a'], ['b', 'c']]);
    disk.failure = undefined;
    const next = commits.add('d');
    await disk.spin();
    await expect(next).resolves.toBeUndefined();
  });

  it('refuses more than may wait, and takes again what fits', async () => {
    const first = commits.add('0123456789');
    const waiting = [commits.add('0123456789'), commits.add('0123456789')];
    await expect(commits.add('x')).rejects.toBeInstanceOf(Full);
    await disk.spin();
    await Promise.all([first, ...waiting]);
    const again = commits.add('x');
    await disk.spin();
    await again;
  });
});

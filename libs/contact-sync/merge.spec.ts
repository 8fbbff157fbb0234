import { type ContactFields } from './canonical-contact.js';
import { merge } from './merge.js';

const BASE: ContactFields = {
  firstName: 'Mara',
  email: 'mara@example.test',
  'tags.vip': true,
  'customFields.a': ['x', 'y'],
};

describe(merge.name, () => {
  it('finds nothing to do when nobody changed anything', () => {
    expect(merge(BASE, BASE, { ...BASE, 'customFields.a': ['x', 'y'] }, 'remote')).toEqual({
      merged: BASE,
      conflicts: [],
      forLocal: [],
      forRemote: [],
    });
  });

  it('takes a change of either side to the other', () => {
    const local = { ...BASE, firstName: 'Maria' };
    const remote = { ...BASE, email: 'maria@example.test' };
    expect(merge(BASE, local, remote, 'remote')).toEqual({
      merged: { ...BASE, firstName: 'Maria', email: 'maria@example.test' },
      conflicts: [],
      forLocal: ['email'],
      forRemote: ['firstName'],
    });
  });

  it('takes a cleared field to the other', () => {
    const remote = { ...BASE };
    delete remote.email;
    expect(merge(BASE, BASE, remote, 'remote')).toMatchObject({
      merged: remote,
      forLocal: ['email'],
      forRemote: [],
    });
  });

  it('sees no conflict when both made the same change', () => {
    const both = { ...BASE, firstName: 'Maria' };
    expect(merge(BASE, both, both, 'remote')).toMatchObject({ conflicts: [], forLocal: [], forRemote: [] });
  });

  it.each([
    ['remote', 'Marie', ['firstName'], []],
    ['local', 'Maria', [], ['firstName']],
  ] as const)('lets %s win a conflict and tells all three values', (winner, kept, forLocal, forRemote) => {
    const merged = merge(BASE, { ...BASE, firstName: 'Maria' }, { ...BASE, firstName: 'Marie' }, winner);
    expect(merged).toEqual({
      merged: { ...BASE, firstName: kept },
      conflicts: [{ field: 'firstName', base: 'Mara', local: 'Maria', remote: 'Marie', kept: winner }],
      forLocal,
      forRemote,
    });
  });

  it('unites tags that were added on one side and removed on the other, without a conflict', () => {
    const local: ContactFields = { 'tags.vip': true, 'tags.local': true };
    const remote: ContactFields = { 'tags.remote': true };
    const merged = merge({ 'tags.vip': true }, local, remote, 'remote');
    expect(merged.merged).toEqual({ 'tags.local': true, 'tags.remote': true });
    expect(merged.conflicts).toEqual([]);
  });

  it('keeps what only one side has when they never agreed on anything', () => {
    const merged = merge(
      {},
      { firstName: 'M', website: 'https://a.test' },
      { firstName: 'Mara', city: 'Oakland' },
      'remote',
    );
    expect(merged.merged).toEqual({ firstName: 'Mara', website: 'https://a.test', city: 'Oakland' });
    expect(merged.forRemote).toEqual(['website']);
  });
});

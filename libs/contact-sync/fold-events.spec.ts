import { type ContactEvent } from '#libs/highlevel';
import { foldEvents, latestVersion, stateAfter } from './fold-events.js';
import { type InboundContactEvent } from './inbound-event.js';

type Link = NonNullable<Parameters<typeof foldEvents>[1]>;

const LINK: Link = {
  snapshot: {},
  remoteVersion: at(10),
  remoteDeletedAt: null,
  localDeletedAt: null,
  unlinkedAt: null,
};

function at(second: number): Date {
  return new Date(Date.UTC(2026, 10, 18, 9, 0, second));
}

function event(
  id: number,
  type: ContactEvent['type'],
  second: number | null,
  contact: Partial<ContactEvent> = {},
): InboundContactEvent {
  return { id, eventAt: second === null ? null : at(second), event: { id: 'Con1', ...contact, type } };
}

const ids = (events: readonly InboundContactEvent[]): number[] => events.map(({ id }) => id);

describe(foldEvents.name, () => {
  it('orders by time, then by arrival', () => {
    const folded = foldEvents(
      [event(3, 'ContactUpdate', 12), event(2, 'ContactUpdate', 11), event(1, 'ContactUpdate', 12)],
      LINK,
    );
    expect(ids(folded.current)).toEqual([2, 1, 3]);
    expect(folded.decision).toMatchObject({ kind: 'apply', revives: false });
  });

  it('sets aside what is older than the last applied change', () => {
    const folded = foldEvents(
      [event(1, 'ContactUpdate', 9), event(2, 'ContactUpdate', 10), event(3, 'ContactUpdate', null)],
      LINK,
    );
    expect(ids(folded.stale)).toEqual([1]);
    expect(ids(folded.current)).toEqual([2, 3]);
  });

  it('has nothing to do when all are late', () => {
    expect(foldEvents([event(1, 'ContactDelete', 5)], LINK).decision).toEqual({ kind: 'nothing' });
  });

  it.each([
    [
      'archives a deleted contact',
      [event(1, 'ContactUpdate', 11), event(2, 'ContactDelete', 12)],
      LINK,
      { kind: 'archive', at: at(12) },
    ],
    [
      'archives it once',
      [event(1, 'ContactDelete', 12)],
      { ...LINK, remoteDeletedAt: at(11) },
      { kind: 'nothing' },
    ],
    [
      'remembers the deletion of a contact it never saw',
      [event(1, 'ContactDelete', 12)],
      undefined,
      { kind: 'remember' },
    ],
    [
      'revives by a later update',
      [event(1, 'ContactUpdate', 13)],
      { ...LINK, remoteDeletedAt: at(12) },
      { kind: 'apply', revives: true },
    ],
    [
      'revives within one batch',
      [event(1, 'ContactDelete', 12), event(2, 'ContactCreate', 13)],
      LINK,
      { kind: 'apply', revives: true },
    ],
    [
      'does not revive by a tag',
      [event(1, 'ContactTagUpdate', 13)],
      { ...LINK, remoteDeletedAt: at(12) },
      { kind: 'ignore', reason: 'deleted_in_highlevel' },
    ],
    [
      'does not revive without a time',
      [event(1, 'ContactUpdate', null)],
      { ...LINK, remoteDeletedAt: at(12) },
      { kind: 'ignore', reason: 'deleted_in_highlevel' },
    ],
    [
      'does not bring back what a person deleted here',
      [event(1, 'ContactUpdate', 13)],
      { ...LINK, localDeletedAt: at(12) },
      { kind: 'ignore', reason: 'deleted_in_deskflow' },
    ],
  ])('%s', (_, events, link, decision) => {
    expect(foldEvents(events, link).decision).toMatchObject(decision);
  });
});

describe(stateAfter.name, () => {
  it('lets later events count', () => {
    const events = [
      event(1, 'ContactCreate', 1, { firstName: 'Mara', tags: ['a'] }),
      event(2, 'ContactUpdate', 2, { firstName: 'Maria', tags: ['b'] }),
    ];
    expect(stateAfter(events, undefined, null)).toEqual({
      fields: { firstName: 'Maria', 'tags.b': true },
      isComplete: true,
    });
  });

  it('clears nothing, and says that it may have to', () => {
    const link = { ...LINK, snapshot: { firstName: 'Mara', city: 'Oakland' } };
    const state = stateAfter([event(1, 'ContactUpdate', 12, { firstName: 'Mara' })], link, null);
    expect(state).toEqual({ fields: { firstName: 'Mara', city: 'Oakland' }, isComplete: false });
  });

  it('cannot tell the order of two states of one millisecond', () => {
    const link = { ...LINK, snapshot: { firstName: 'Mara' } };
    const told = (firstName: string, second = 10): InboundContactEvent =>
      event(1, 'ContactUpdate', second, { firstName });
    expect(stateAfter([told('Maria')], link, null).isComplete).toBe(false);
    expect(stateAfter([told('Mara')], link, null).isComplete).toBe(true);
    expect(stateAfter([told('Maria', 11), told('Mia', 11)], link, null).isComplete).toBe(false);
    expect(stateAfter([told('Maria', 11), told('Mia', 12)], link, null).isComplete).toBe(true);
  });

  it('knows that a DND event is only a part', () => {
    expect(stateAfter([event(1, 'ContactDndUpdate', 12, { dnd: true })], undefined, null).isComplete).toBe(
      false,
    );
  });
});

describe(latestVersion.name, () => {
  it('takes the latest of all dates, and null where there is none', () => {
    const events = [event(1, 'ContactUpdate', 12), event(2, 'ContactUpdate', null)];
    expect(latestVersion(events, { id: 'Con1', dateUpdated: at(14).toISOString() }, at(13))).toEqual(at(14));
    expect(latestVersion(events, { id: 'Con1', dateUpdated: 'soon' }, null)).toEqual(at(12));
    expect(latestVersion([event(2, 'ContactUpdate', null)], undefined, null)).toBeNull();
  });
});

import { type ContactEvent } from '#libs/highlevel';

const CONTACT_EVENTS: readonly ContactEvent['type'][] = [
  'ContactCreate',
  'ContactUpdate',
  'ContactDelete',
  'ContactTagUpdate',
  'ContactDndUpdate',
];

/** Whether the worker applies events of this type to a contact. */
export function isHandledContactEvent(type: string): type is ContactEvent['type'] {
  return CONTACT_EVENTS.some((known) => known === type);
}

/** Whether events of this type tell of the app's installation (HL 4.6). */
export function isLifecycleEvent(type: string): type is 'INSTALL' | 'UNINSTALL' {
  return type === 'INSTALL' || type === 'UNINSTALL';
}

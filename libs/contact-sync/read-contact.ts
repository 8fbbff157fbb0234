import { type HighLevelContact } from '#libs/highlevel';
import { type ContactFields } from './canonical-contact.js';
import { type ContactDraft, draftOf } from './contact-draft.js';
import { type FieldMap } from './field-map.js';
import { remoteFields } from './remote-contact.js';

/** What can be told of a contact before it is looked up. */
export interface ReadContact {
  /** That of the location, as it was then. */
  readonly country: string | null;
  readonly said: ContactFields;
  /** Where it is most likely new. */
  readonly draft: ContactDraft | undefined;
}

export function readAhead(
  contact: HighLevelContact,
  country: string | null,
  map: FieldMap,
  isNew: boolean,
): ReadContact {
  const said = remoteFields(contact, country);
  const isHeardAsSaid = isNew && map.heardOfRemote(said, {}) === said;
  return { country, said, draft: isHeardAsSaid ? draftOf(contact.id, said, map) : undefined };
}

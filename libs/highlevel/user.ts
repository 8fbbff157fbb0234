import { booleanOf, isRecord, present, textOf, textsOf } from './untyped-json.js';

/** A HighLevel user. Ids are per company: two companies may know one e-mail under different ids (HL 7.1). */
export interface HighLevelUser {
  id: string;
  name?: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  phone?: string;
  /** `account` or `agency`. */
  type?: string;
  /** `admin` or `user`. */
  role?: string;
  locationIds?: string[];
  deleted?: boolean;
}

/** `roles` is one object despite its name (HL 7.1). */
export function readUser(value: unknown): HighLevelUser | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id);
  if (id === undefined) return undefined;
  const roles = isRecord(value.roles) ? value.roles : {};
  return present({
    id,
    name: textOf(value.name),
    firstName: textOf(value.firstName),
    lastName: textOf(value.lastName),
    email: textOf(value.email),
    phone: textOf(value.phone),
    type: textOf(roles.type),
    role: textOf(roles.role),
    locationIds: textsOf(roles.locationIds),
    deleted: booleanOf(value.deleted),
  });
}

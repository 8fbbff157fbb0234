import { booleanOf, isRecord, listOf, numberOf, present, textOf, textsOf } from './untyped-json.js';

/** A sub-account (HL 7.2). */
export interface HighLevelLocation {
  id: string;
  companyId?: string;
  name?: string;
  domain?: string;
  address?: string;
  city?: string;
  state?: string;
  /** Two-letter code: the region of phone numbers written without one. */
  country?: string;
  postalCode?: string;
  website?: string;
  timezone?: string;
  email?: string;
  phone?: string;
  logoUrl?: string;
  allowDuplicateContact?: boolean;
}

/** Definition of a custom field; `fieldKey` is `contact.<name>` (HL 5.8). */
export interface HighLevelCustomField {
  id: string;
  name?: string;
  fieldKey?: string;
  dataType?: string;
  model?: string;
  position?: number;
  picklistOptions?: string[];
}

export interface HighLevelTag {
  id: string;
  name: string;
}

export function readLocation(value: unknown): HighLevelLocation | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id) ?? textOf(value._id);
  if (id === undefined) return undefined;
  const settings = isRecord(value.settings) ? value.settings : {};
  return present({
    id,
    companyId: textOf(value.companyId),
    name: textOf(value.name),
    domain: textOf(value.domain),
    address: textOf(value.address),
    city: textOf(value.city),
    state: textOf(value.state),
    country: textOf(value.country),
    postalCode: textOf(value.postalCode),
    website: textOf(value.website),
    timezone: textOf(value.timezone),
    email: textOf(value.email),
    phone: textOf(value.phone),
    logoUrl: textOf(value.logoUrl),
    allowDuplicateContact: booleanOf(settings.allowDuplicateContact),
  });
}

export function readCustomFieldDefinition(value: unknown): HighLevelCustomField | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id);
  if (id === undefined) return undefined;
  return present({
    id,
    name: textOf(value.name),
    fieldKey: textOf(value.fieldKey),
    dataType: textOf(value.dataType),
    model: textOf(value.model),
    position: numberOf(value.position),
    picklistOptions: textsOf(value.picklistOptions),
  });
}

export function readTag(value: unknown): HighLevelTag | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id);
  const name = textOf(value.name);
  return id === undefined || name === undefined ? undefined : { id, name };
}

/** A location with the app's state in it, as an agency sees it (HL 2.7). */
export interface InstalledLocation {
  id: string;
  name?: string;
  address?: string;
  isInstalled?: boolean;
  versionId?: string;
  installedAt?: string;
}

/** The list says `_id` (HL 2.7). */
export function readInstalledLocation(value: unknown): InstalledLocation | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value._id) ?? textOf(value.id);
  if (id === undefined) return undefined;
  return present({
    id,
    name: textOf(value.name),
    address: textOf(value.address),
    isInstalled: booleanOf(value.isInstalled),
    versionId: textOf(value.versionId),
    installedAt: textOf(value.installedAt),
  });
}

export function readInstalledLocations(value: unknown): InstalledLocation[] | undefined {
  return listOf(value, readInstalledLocation);
}

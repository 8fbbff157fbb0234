import { arrayElement } from '#libs/database';
import { type ContactColumns } from './contact-columns.js';

/** How the columns that this service writes are called in the table, and their types. */
const TABLE: Readonly<Record<keyof ContactColumns, readonly [column: string, type: string]>> = {
  name: ['name', 'varchar'],
  email: ['email', 'varchar'],
  phoneNumber: ['phone_number', 'varchar'],
  identifier: ['identifier', 'varchar'],
  blocked: ['blocked', 'boolean'],
  ghlContactId: ['ghl_contact_id', 'varchar'],
  additionalAttributes: ['additional_attributes', 'jsonb'],
  customAttributes: ['custom_attributes', 'jsonb'],
  location: ['location', 'varchar'],
  countryCode: ['country_code', 'varchar'],
  contactType: ['contact_type', 'integer'],
};
const PROPERTIES = Object.keys(TABLE) as readonly (keyof ContactColumns)[];
const NAMES = Object.values(TABLE).map(([column]) => column);

/** The columns as a list. */
export const COLUMNS = NAMES.join(', ');

/** The first parameters of a statement, an array for each column: what `unnest` turns into rows. */
export const ARRAYS = Object.values(TABLE)
  .map(([, type], index) => `$${index + 1}::${type}[]`)
  .join(', ');

/** The n-th parameter after those, counted from 1. */
export function parameter(n: number): string {
  return `$${NAMES.length + n}`;
}

export function columnsFrom(alias: string): string {
  return NAMES.map((column) => `${alias}.${column}`).join(', ');
}

/** A contact's columns as elements of arrays: what of a statement can be written before it is known who is in it. */
export type ContactRow = readonly string[];

export function rowOf(columns: ContactColumns): ContactRow {
  return PROPERTIES.map((property) => arrayElement(columns[property]));
}

/** The values of `ARRAYS`. */
export function arraysOf(rows: readonly ContactRow[]): string[] {
  return PROPERTIES.map((_, index) => `{${rows.map((row) => row[index]).join()}}`);
}

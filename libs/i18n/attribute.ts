import { type Filling, isTextKey, text, type Text } from './text.js';

/** What people call an attribute of the API; one that nobody knows is called as it is written. */
export function nameOfAttribute(attribute: string): Filling {
  const key = `attribute.${attribute}`;
  return isTextKey(key) ? { key, fillings: {} } : attribute.replaceAll(/[_.]+/g, ' ').trim();
}

/** A sentence about an attribute, as Rails makes them: its name, then the complaint. */
export function complaint(about: Text, attribute: Filling): Text {
  return text('validation.complaint', { attribute, complaint: about });
}

export { complaint, nameOfAttribute } from './attribute.js';
export { type TextKey } from './en.js';
export { type Locale, LOCALES, spokenLocale } from './locale.js';
export { type Filling, isText, isTextKey, say, text, type Text, type Words } from './text.js';

export { complaint, nameOfAttribute } from './attribute.js';
export { type TextKey } from './en.js';
export { type Language, LANGUAGES, type Locale, neutral, spokenLanguage, spokenLike } from './locale.js';
export { type Filling, isText, isTextKey, say, text, type Text, type Words } from './text.js';

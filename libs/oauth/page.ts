import { createHash } from 'node:crypto';
import { type LandingName } from './landing-address.js';

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;color:#1f2933;background:#fff}
h1{font-size:1.4rem;line-height:1.3}
ul{list-style:none;padding:0}
li{padding:.5rem 0;border-bottom:1px solid #8889}
label{cursor:pointer}
small{display:block}
input,button{font:inherit;padding:.4rem .8rem}
nav{display:flex;gap:1rem;margin:1rem 0}
:focus-visible{outline:3px solid #2f6fdb;outline-offset:2px}
a{color:#1f5fd6}
@media(prefers-color-scheme:dark){body{color:#e6e9ec;background:#15191d}a{color:#8ab4ff}}`;

const PRODUCT: Readonly<Record<LandingName, string>> = { gohighlevel: 'HighLevel', crm: 'the CRM' };

/**
 * Nothing may load, run or frame; the one style sheet is allowed by its digest.
 * @param forms whether the page has any: they may be sent here only
 */
export function pagePolicy(forms: 'none' | 'self'): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    `form-action '${forms}'`,
    "frame-ancestors 'none'",
  ].join('; ');
}

/** @param main HTML in which everything that is not ours is escaped */
export function pageOf(heading: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${heading}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
${main}
</main>
</body>
</html>
`;
}

/** A text for people, escaped. `{crm}` in it becomes the product's name on this page. */
export function sentenceFor(page: LandingName, text: string): string {
  const named = text.replaceAll('{crm}', PRODUCT[page]);
  return escapeHtml(named.charAt(0).toUpperCase() + named.slice(1));
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

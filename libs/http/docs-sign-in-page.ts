import { type Locale, say, text } from '#libs/i18n';
import { DOCS_SESSION_PATH } from './docs-routes.js';

/** A browser cannot send our headers when it opens a page, so administrators sign in here. Works without scripts. */
export function docsSignInPage(locale: Locale, complaint?: string): string {
  return `<!doctype html>
<html lang="${locale.replace('_', '-')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${say(locale, text('docs.title'))}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f6f8fa; color: #1c2024; }
  main { max-width: 22rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: 12px; box-shadow: 0 1px 4px #0002; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  label { display: block; margin: 0 0 1rem; font-weight: 600; }
  input { display: block; box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; border: 1px solid #8b929a; border-radius: 6px; }
  button { width: 100%; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: #1f5fd6; border: 0; border-radius: 6px; cursor: pointer; }
  :focus-visible { outline: 3px solid #1f5fd680; outline-offset: 2px; }
  [role=alert] { color: #b42318; }
</style>
</head>
<body>
<main>
<h1>${say(locale, text('docs.heading'))}</h1>
<p>${say(locale, text('docs.hint'))}</p>
${complaint === undefined ? '' : `<p role="alert">${escapeHtml(complaint)}</p>`}
<form method="post" action="${DOCS_SESSION_PATH}">
<label>${say(locale, text('docs.email'))}<input name="email" type="email" autocomplete="username" required autofocus></label>
<label>${say(locale, text('docs.password'))}<input name="password" type="password" autocomplete="current-password" required></label>
<button>${say(locale, text('docs.sign_in'))}</button>
</form>
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

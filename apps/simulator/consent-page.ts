import { escapeHtml } from './escape-html.js';
import { type Location } from './model.js';

export interface ConsentPage {
  clientId: string;
  redirectUri: string;
  /** Separated by spaces. */
  scope: string;
  state: string;
  companyName: string;
  locations: readonly Location[];
  /** Where the form goes: the path the page was opened at. */
  action: string;
}

/**
 * The page on which a person lets the app in. Scripted clients rely on its form: hidden `client_id`,
 * `redirect_uri`, `scope`, `state`; radios `location_id`; `install_as`; buttons `decision=approve|deny`.
 */
export function consentPage(page: ConsentPage): string {
  const { clientId, redirectUri, scope, state, companyName, locations, action } = page;
  return document(
    'Allow access',
    `<h1>Allow access to ${escapeHtml(companyName)}?</h1>
<p>The app <strong>${escapeHtml(clientId)}</strong> asks for access. This is a simulator: no HighLevel account is involved.</p>
<h2 id="scopes">It will be able to use</h2>
<ul aria-labelledby="scopes">
${scope
  .split(' ')
  .map((name) => `<li><code>${escapeHtml(name)}</code></li>`)
  .join('\n')}
</ul>
<form method="post" action="${escapeHtml(action)}">
${hidden('client_id', clientId)}
${hidden('redirect_uri', redirectUri)}
${hidden('scope', scope)}
${hidden('state', state)}
<fieldset>
<legend>Install as</legend>
<label><input type="radio" name="install_as" value="location" checked> the owner of one location</label>
<label><input type="radio" name="install_as" value="company"> the agency, for several locations</label>
</fieldset>
<fieldset>
<legend>Location, when installing as its owner</legend>
${locations.map(({ id, name }, index) => choice('radio', 'location_id', id, name, index === 0)).join('\n')}
</fieldset>
<fieldset>
<legend>Locations, when installing as the agency</legend>
${locations.map(({ id, name }) => choice('checkbox', 'approved_location', id, name, true)).join('\n')}
${choice('checkbox', 'install_to_future_locations', 'true', 'and those that come later', false)}
</fieldset>
<p>You will be sent to <span class="note">${escapeHtml(redirectUri)}</span></p>
<p><button type="submit" name="decision" value="approve" class="primary">Approve</button>
<button type="submit" name="decision" value="deny">Deny</button></p>
</form>`,
  );
}

/** Said instead of redirecting, when there is nowhere safe to redirect to. */
export function refusalPage(problem: string): string {
  return document('Cannot continue', `<h1>Cannot continue</h1>\n<p role="alert">${escapeHtml(problem)}</p>`);
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – HighLevel simulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body class="narrow">
<main>
${body}
</main>
</body>
</html>
`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
}

function choice(type: string, name: string, value: string, label: string, checked: boolean): string {
  const mark = checked ? ' checked' : '';
  return `<label><input type="${type}" name="${name}" value="${escapeHtml(value)}"${mark}> ${escapeHtml(label)}</label>`;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CALLBACK_FAILURES } from '#libs/oauth';
import { SSO_REFUSALS } from '#libs/sso';

const ROOT = join(import.meta.dirname, '..', '..');

type Messages = { readonly [key: string]: string | Messages };
type Schemas = Readonly<Record<string, { enum?: string[] }>>;

async function read(path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8'));
}

/** Every text by its path. */
function texts(messages: Messages, path = ''): Map<string, string> {
  return new Map(
    Object.entries(messages).flatMap(([key, value]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...texts(value, `${path}${key}.`)],
    ),
  );
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{[\w']+\}/g)].map(([name]) => name).sort();

let en: Map<string, string>;
let ptBR: Map<string, string>;
let schemas: Schemas;
beforeAll(async () => {
  en = texts((await read('apps/console/src/locales/en.json')) as Messages);
  ptBR = texts((await read('apps/console/src/locales/pt-BR.json')) as Messages);
  schemas = ((await read('docs/openapi.json')) as { components: { schemas: Schemas } }).components.schemas;
});

it('both languages have the same texts, with the same places to fill in', () => {
  expect([...ptBR.keys()]).toEqual([...en.keys()]);
  for (const [key, text] of en)
    expect([key, placeholders(ptBR.get(key)!)]).toEqual([key, placeholders(text)]);
});

it('nothing was left untranslated', () => {
  const SAME_IN_BOTH = /^(product\.|initials\.|shell\.(name|title|languages\.)|.*\.(deskflow|highlevel)$)/;
  const words = (text: string): string => text.replaceAll(/@\S+|\{[^}]*\}/g, '').trim();
  const untranslated = [...en].filter(
    ([key, text]) => ptBR.get(key) === text && words(text).length > 6 && !SAME_IN_BOTH.test(key),
  );
  expect(untranslated).toEqual([]);
});

it('names the vendor nowhere but where it is chosen', () => {
  for (const messages of [en, ptBR]) {
    const naming = [...messages].filter(([, text]) => /high ?level|ghl/i.test(text)).map(([key]) => key);
    expect(naming).toEqual(['product.vendor', 'product.used', 'initials.vendor', 'initials.used']);
  }
});

it.each([
  ['ConnectionState', 'connection.states'],
  ['ContactSyncState', 'syncStates'],
  ['EventState', 'events.states'],
  ['EventState', 'pushes.states'],
  ['PushOperation', 'pushes.operations'],
  ['ImportState', 'import.states'],
  ['ImportDirection', 'import.directions'],
  ['ConflictPolicy', 'mapping.policy'],
  ['ConflictPolicy', 'conflicts.why'],
  ['ConflictSide', 'conflicts'],
  ['DeletionChoice', 'mapping.policy'],
  ['FieldDirection', 'mapping.directions'],
  ['SsoRole', 'mapping.policy.ssoRoles'],
  ['Ambiguity', 'matches.reasons'],
])('has a text for each %s of the API in %s', (schema, path) => {
  const values = schemas[schema]?.enum ?? [];
  expect(values).not.toEqual([]);
  expect(values.filter((value) => !en.has(`${path}.${value}`))).toEqual([]);
});

it('has a text for each health, and for each failure of a callback or of signing on', () => {
  const healths = schemas['SyncHealth']?.enum ?? [];
  expect(healths.filter((value) => !en.has(`dashboard.healths.${value}.text`))).toEqual([]);
  expect(CALLBACK_FAILURES.filter((failure) => !en.has(`callback.${failure}`))).toEqual([]);
  expect(SSO_REFUSALS.filter((reason) => !en.has(`refusals.sso_refused.${reason}`))).toEqual([]);
});

it('has a sentence for each reason that the service gives', async () => {
  const files = ['libs/contact-sync', 'libs/webhooks', 'libs/imports', 'libs/integrations'];
  const { readdir } = await import('node:fs/promises');
  const reasons = new Set<string>();
  for (const directory of files)
    for (const name of await readdir(join(ROOT, directory))) {
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      const source = await readFile(join(ROOT, directory, name), 'utf8');
      for (const [, reason] of source.matchAll(/\breason: '([a-z]+(?:_[a-z]+)+)'/g)) reasons.add(reason!);
      // Those that stand in a table.
      for (const [, reason] of source.matchAll(/'([a-z]+_(?:in|from|by)_(?:highlevel|deskflow))'/g))
        reasons.add(reason!);
    }
  expect(reasons.size).toBeGreaterThan(15);
  // Answers of the API's own errors, which have sentences of their own.
  const OF_ERRORS = new Set(['scheme_disabled']);
  expect([...reasons].filter((reason) => !en.has(`reasons.${reason}`) && !OF_ERRORS.has(reason))).toEqual([]);
});

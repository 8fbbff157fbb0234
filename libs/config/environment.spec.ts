import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import { Environment } from './environment.js';
import { loadConfig } from './load-config.js';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const variables = [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Environment, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
].sort();

const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

describe('.env.example', () => {
  it('has every variable and no other', () => {
    expect(Object.keys(example).sort()).toEqual(variables);
  });

  it('shows the defaults: it loads as an empty environment does', () => {
    const settings = (env: Record<string, string>): unknown =>
      JSON.parse(JSON.stringify(Object.assign({}, loadConfig(env), { session: undefined })));
    expect(settings(example)).toEqual(settings({}));
  });
});

describe('docs/configuration.md', () => {
  it.each(variables)('explains %s', (variable) => {
    const name = variable.replace(/^ACTIVE_RECORD_ENCRYPTION_(?!PRIMARY)/, '…_');
    expect(read('docs/configuration.md')).toContain(name);
  });
});

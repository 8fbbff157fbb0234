import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Type } from '@nestjs/common';
import { getMetadataStorage, validateSync } from 'class-validator';
import { plainToInstance } from 'class-transformer';
import '#apps/api/api.module.js';
import { ValidationFailed } from '#libs/errors';
import { validationPipe } from '#libs/http';
import { isTextKey, say } from '#libs/i18n';

const LIBS = join(import.meta.dirname, '..', '..', 'libs');

interface Rule {
  readonly propertyName: string;
  readonly type: string;
}

/** The DTOs of the API with the attributes that have rules. class-validator keeps them by class, but lists them nowhere. */
const DTOS = [
  ...(getMetadataStorage() as unknown as { validationMetadatas: Map<Type<object>, Rule[]> })
    .validationMetadatas,
]
  .filter(([dto]) => dto.name !== 'Environment')
  .map(([dto, rules]) => {
    const checked = rules.filter(({ type }) => type === 'customValidation' || type === 'nestedValidation');
    return { dto, attributes: [...new Set(checked.map(({ propertyName }) => propertyName))] };
  });

/** One of them breaks any rule. */
const WRONG = [undefined, null, '', 'a', 'x'.repeat(10_000), '\0', -1, 1.5, 1e9, true, {}, [], [1], [1, 1]];
const MANY = Array.from({ length: 1_000 }, (_, index) => `x${'y'.repeat(300)}${index}`);

async function complaintsAbout(
  dto: Type<object>,
  property: string,
  value: unknown,
): Promise<ValidationFailed[]> {
  try {
    await validationPipe().transform({ [property]: value }, { type: 'body', metatype: dto });
    return [];
  } catch (error) {
    if (error instanceof ValidationFailed) return [error];
    throw error;
  }
}

/** What class-validator says about an attribute where nothing else is said, without the attribute. */
function originalsAbout(dto: Type<object>, attribute: string, value: unknown): string[] {
  return validateSync(plainToInstance(dto, { [attribute]: value }))
    .filter(({ property }) => property === attribute)
    .flatMap(({ constraints = {}, contexts }) =>
      Object.entries(constraints).flatMap(([rule, message]) => (contexts?.[rule] ? [] : [message])),
    )
    .filter((message) => message.startsWith(`${attribute} `))
    .map((message) => message.slice(attribute.length + 1));
}

async function sources(): Promise<string> {
  const files = await readdir(LIBS, { recursive: true });
  const ours = files.filter((name) => name.endsWith('.ts') && !/(^i18n\/(en|pt-br)|\.spec)\.ts$/.test(name));
  return (await Promise.all(ours.map((name) => readFile(join(LIBS, name), 'utf8')))).join('\n');
}

describe('every rule of every DTO', () => {
  it('has words in both languages', async () => {
    expect(DTOS.length).toBeGreaterThan(20);
    for (const { dto, attributes } of DTOS) {
      for (const attribute of attributes) {
        for (const value of [...WRONG, MANY]) {
          for (const { words = [] } of await complaintsAbout(dto, attribute, value)) {
            expect(say('en', words)).not.toMatch(/is invalid/);
            expect(say('pt_BR', words)).not.toMatch(/\b(must|should|is|not|the)\b|não é válido/);
          }
        }
      }
    }
  });

  it('is complained about in class-validator’s own English, unless we say it better', async () => {
    for (const { dto, attributes } of DTOS) {
      for (const attribute of attributes) {
        for (const value of [...WRONG, MANY]) {
          const said = (await complaintsAbout(dto, attribute, value)).map(({ message }) => message).join();
          for (const message of originalsAbout(dto, attribute, value)) expect(said).toContain(message);
        }
      }
    }
  });

  it('is about an attribute that has a name in both languages', () => {
    const named = (attribute: string): boolean => isTextKey(`attribute.${attribute}`);
    expect(DTOS.flatMap(({ attributes }) => attributes).filter((attribute) => !named(attribute))).toEqual([]);
  });
});

describe('the texts', () => {
  it('are all in use', async () => {
    const { EN } = (await import(join(LIBS, 'i18n', 'en.ts'))) as { EN: Record<string, string> };
    const source = await sources();
    const prefixes = [...source.matchAll(/`([a-z_.]+)\$\{/g)].map(([, prefix = '']) => prefix);
    const unused = Object.keys(EN).filter(
      (key) => !source.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

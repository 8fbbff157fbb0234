/**
 * Lets Node run this repository's TypeScript as it stands:
 * `node --import ./scripts/typescript-loader.mjs scripts/dump-schema.ts`. For tools and tests; the apps run from dist/.
 */
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transform } from '@swc/core';

const ROOT = new URL('../', import.meta.url);

// Node loads this file twice: in the main thread, where it asks for its own hooks, and in the thread that runs them.
if (isMainThread) register(import.meta.url);

/** `#libs/x` is libs/x/index.ts, and a relative `.js` in TypeScript means the `.ts` beside it. */
export function resolve(specifier, context, next) {
  const lib = /^#libs\/([a-z0-9-]+)$/.exec(specifier);
  if (lib) return next(new URL(`libs/${lib[1]}/index.ts`, ROOT).href, context);
  const isOurs = context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
  return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    filename,
    cwd: fileURLToPath(ROOT),
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}

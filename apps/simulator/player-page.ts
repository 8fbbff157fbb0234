import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { type FastifyInstance } from 'fastify';
import { type Context } from './context.js';
import { sendPage } from './page-headers.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.mjs': 'text/javascript',
};

/** The one that shows a page of the app. */
const FRAMING = 'custom-page.html';

/**
 * The pages on which a person plays the other side: `/`, and `/custom-page`, which is HighLevel's frame around the
 * app's page. They use nothing but `/_sim`.
 */
export function addPlayerPage(server: FastifyInstance, { settings }: Context): void {
  const directory = join(packageRoot(import.meta.dirname), 'apps', 'simulator', 'page');
  for (const file of readdirSync(directory)) {
    const content = readFileSync(join(directory, file), 'utf8');
    server.get(pathOf(file), (_request, reply) => {
      const { customPageUrl } = settings.get();
      const framed = file === FRAMING && customPageUrl !== null ? new URL(customPageUrl).origin : undefined;
      return sendPage(reply, content, { type: TYPES[extname(file)], framed });
    });
  }
}

function pathOf(file: string): string {
  return file === 'index.html' ? '/' : `/${file.replace(/\.html$/, '')}`;
}

/** The page lies beside the source, and is not compiled: from `dist` the way there leads through the package's root. */
function packageRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('The simulator cannot find the package it belongs to');
  return packageRoot(parent);
}

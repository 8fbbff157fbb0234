import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { type FastifyInstance } from 'fastify';
import { sendPage } from './page-headers.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.mjs': 'text/javascript',
};

/** The page at `/` on which a person plays the other side. It uses nothing but `/_sim`. */
export function addPlayerPage(server: FastifyInstance): void {
  const directory = join(packageRoot(import.meta.dirname), 'apps', 'simulator', 'page');
  for (const file of readdirSync(directory)) {
    const content = readFileSync(join(directory, file), 'utf8');
    const path = file === 'index.html' ? '/' : `/${file}`;
    server.get(path, (_request, reply) => sendPage(reply, content, TYPES[extname(file)]));
  }
}

/** The page lies beside the source, and is not compiled: from `dist` the way there leads through the package's root. */
function packageRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('The simulator cannot find the package it belongs to');
  return packageRoot(parent);
}

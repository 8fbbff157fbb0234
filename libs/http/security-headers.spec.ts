import { fastify } from 'fastify';
import { loadConfig } from '#libs/config';
import { registerSecurityHeaders } from './security-headers.js';

it.each([
  ['production', 'max-age=31536000; includeSubDomains'],
  ['development', undefined],
])('in %s HTTPS is asked for with %s', async (nodeEnv, expected) => {
  const instance = fastify();
  registerSecurityHeaders(
    instance,
    loadConfig({ NODE_ENV: nodeEnv, FRONTEND_URL: 'https://desk.example.com' }),
  );
  instance.get('/', () => 'page');
  expect((await instance.inject('/')).headers['strict-transport-security']).toBe(expected);
});

it('a page may state a policy of its own', async () => {
  const instance = fastify();
  registerSecurityHeaders(instance, loadConfig({}));
  instance.get('/', (_request, reply) =>
    reply.header('content-security-policy', "frame-ancestors 'self'").send('page'),
  );
  expect((await instance.inject('/')).headers['content-security-policy']).toBe("frame-ancestors 'self'");
});

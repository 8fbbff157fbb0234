/**
 * What DeskFlow's own Vue application mounts: its router takes `integrationRoutes`, its vue-i18n the messages, and
 * `app.provide(API, createClient(caller))` tells the pages how DeskFlow's dashboard authenticates (docs/console.md).
 */
export { API, type Caller, createClient } from './api/client';
export { ApiFailure } from './api/failure';
export { type Messages } from './i18n';
export { integrationRoutes } from './routes';
export { default as en } from './locales/en.json';
export { default as ptBR } from './locales/pt-BR.json';

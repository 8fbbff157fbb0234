export { SSO_REFUSALS, type SsoRefusal } from './sso-errors.js';
export { SsoModule } from './sso.module.js';

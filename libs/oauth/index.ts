export { CALLBACK_FAILURES, type CallbackFailure } from './callback-failure.js';
export { OAuthModule } from './oauth.module.js';

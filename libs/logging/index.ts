export { createLogger, type LoggerOptions } from './create-logger.js';
export { REDACTED, redact, withoutQuery } from './redact.js';
export { addLogContext, type LogContext, requestContext } from './request-context.js';

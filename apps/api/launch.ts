import { type DynamicModule } from '@nestjs/common';
import { type AppConfig, loadConfig } from '#libs/config';
import { createHttpApp } from './http-app.js';
import { explainFailure } from './explain-failure.js';

/**
 * Runs one process of a deployment until SIGTERM or SIGINT, which end it in order. A start that fails says why on
 * stderr and ends with 1.
 */
export async function launch(
  moduleFor: (config: AppConfig) => DynamicModule,
  options: { isApi?: boolean } = {},
): Promise<void> {
  try {
    const config = loadConfig(process.env);
    const app = await createHttpApp(moduleFor(config), config, options);
    app.enableShutdownHooks();
    await app.listen(config.port, config.host);
  } catch (error) {
    process.stderr.write(`\n${explainFailure(error)}\n\n`);
    process.exit(1);
  }
}

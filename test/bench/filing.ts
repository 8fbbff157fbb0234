import { loadConfig } from '#libs/config';
import { QueueModule } from '#libs/queue';
import { DeliveryFiling, DeliveryFilingModule } from '#libs/webhooks';
import { startContext } from '../harness/service.js';
import { type BenchDatabase } from './bench-database.js';
import { serviceEnvironment } from './service-under-test.js';

/** Files what the intake has left in the journal, with nothing else going on. @returns deliveries a second */
export async function filingRate(database: BenchDatabase): Promise<number> {
  const config = loadConfig(serviceEnvironment(database.url, 'unused-here'));
  const app = await startContext(config, [QueueModule.register(config), DeliveryFilingModule]);
  try {
    const [{ waiting }] = await database.source.query<[{ waiting: number }]>(
      'select coalesce(sum(cardinality(lengths)), 0)::int as waiting from ghl.intake_journal',
    );
    const started = performance.now();
    await app.get(DeliveryFiling, { strict: false }).work();
    return waiting / ((performance.now() - started) / 1_000);
  } finally {
    await app.close();
  }
}

import { Module } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Imported by every module that counts something; api and worker answer `/metrics` alike. */
@Module({
  controllers: [MetricsController],
  providers: [MetricsGuard, MetricsRegistry],
  exports: [MetricsRegistry],
})
export class MetricsModule {}

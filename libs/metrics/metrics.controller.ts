import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { ApiErrors } from '#libs/http';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsRegistry } from './metrics-registry.js';

/** For Prometheus. Amounts and times of this process, and nothing about accounts or people. */
@ApiTags('operations')
@Controller('metrics')
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(private readonly registry: MetricsRegistry) {}

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  @ApiSecurity({})
  @ApiProduces('text/plain')
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics in the text format of Prometheus',
    description: 'With `METRICS_TOKEN` set, that token is asked for as a bearer token.',
  })
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiErrors('unauthenticated')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

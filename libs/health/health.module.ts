import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';

/** Served by api and worker alike. */
@Module({ controllers: [HealthController] })
export class HealthModule {}

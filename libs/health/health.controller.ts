import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Unavailable } from '#libs/errors';
import { ApiErrors, type Shape } from '#libs/http';
import { QueueHealth } from '#libs/queue';

class HealthDto {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  status!: 'ok';
}

/** For load balancers and orchestrators; no credentials, nothing about accounts. */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly database: DataSource,
    private readonly queue: QueueHealth,
  ) {}

  /** Alive: the process answers. Says nothing about what it depends on, so that an outage does not restart it. */
  @Get()
  @ApiOperation({ operationId: 'getHealth', summary: 'Is the process alive' })
  @ApiOkResponse({ type: HealthDto })
  alive(): Shape<HealthDto> {
    return { status: 'ok' };
  }

  /**
   * Ready: PostgreSQL and the queue answer, so traffic may come.
   * @throws Unavailable naming the part that does not answer.
   */
  @Get('ready')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Do database and queue answer' })
  @ApiOkResponse({ type: HealthDto })
  @ApiErrors('unavailable')
  async ready(): Promise<Shape<HealthDto>> {
    await this.database.query('select 1').catch((cause: unknown) => {
      throw new Unavailable('database', { cause });
    });
    await this.queue.check();
    return { status: 'ok' };
  }
}

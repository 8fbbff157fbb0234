import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { ApiErrors, RawBody, type Shape } from '#libs/http';
import { isPossibleReplay } from './delivery.js';
import { DeliveryJournal } from './delivery-journal.js';
import { IntakeMetrics } from './intake-metrics.js';
import { OutsideReplayWindow } from './replay-window.js';
import { SignatureGuard } from './signature.guard.js';
import { WebhookSettings } from './webhook-settings.js';

class WebhookAccepted {
  /** The event is stored; duplicates are answered the same. */
  @ApiProperty({ example: true })
  success!: true;
}

const BODY = {
  description: 'One event, at most 512 KB. The signature is over these bytes, whatever they say.',
  schema: {
    type: 'object' as const,
    required: ['type'],
    properties: { type: { type: 'string' as const } },
    additionalProperties: true,
    example: {
      type: 'ContactCreate',
      locationId: 'Loc0InventedSubacc01',
      id: 'Con0InventedPerson01',
      firstName: 'Mara',
      email: 'mara.quill@example.test',
      timestamp: '2026-11-18T09:40:12.020Z',
      webhookId: '0b6cc2b4-7a0e-4d6f-9a6e-58f0c2e55b01',
    },
  },
};

/** Where HighLevel tells what happened. 200 means that the event is durable, and nothing else is answered with it. */
@ApiTags('webhooks')
@ApiHeader({
  name: 'X-GHL-Signature',
  required: false,
  description: 'Ed25519 (base64), or HMAC-SHA256 with GHL_WEBHOOK_SECRET (hex or base64)',
  schema: { type: 'string' },
})
@ApiHeader({
  name: 'X-WH-Signature',
  required: false,
  description: 'The legacy RSA-SHA256 signature, where its key is configured',
  schema: { type: 'string' },
})
@ApiSecurity({})
@Controller('webhooks')
@UseGuards(SignatureGuard)
export class WebhooksController {
  constructor(
    private readonly journal: DeliveryJournal,
    private readonly settings: WebhookSettings,
    private readonly metrics: IntakeMetrics,
  ) {}

  @Post('ghl')
  @HttpCode(200)
  @RawBody()
  @ApiBody(BODY)
  @ApiOkResponse({ type: WebhookAccepted })
  @ApiErrors('signature_rejected', 'payload_too_large', 'outside_replay_window', 'throttled')
  @ApiOperation({ operationId: 'receiveGhlWebhook', summary: 'Take in an event of HighLevel' })
  ghl(@Req() request: FastifyRequest): Promise<Shape<WebhookAccepted>> {
    return this.accept(request);
  }

  @Post('crm')
  @HttpCode(200)
  @RawBody()
  @ApiBody(BODY)
  @ApiOkResponse({ type: WebhookAccepted })
  @ApiErrors('signature_rejected', 'payload_too_large', 'outside_replay_window', 'throttled')
  @ApiOperation({ operationId: 'receiveCrmWebhook', summary: 'The same under a neutral name' })
  crm(@Req() request: FastifyRequest): Promise<Shape<WebhookAccepted>> {
    return this.accept(request);
  }

  /** The request as it is: pipes would wait for each parameter, and there is nothing to validate. */
  private async accept({ body, headers }: FastifyRequest): Promise<Shape<WebhookAccepted>> {
    const policy = this.settings.policy();
    const { rules } = policy instanceof Promise ? await policy : policy;
    const deliveryId = headers['deliveryid'];
    const delivery = {
      body: body as Buffer,
      deliveryId: typeof deliveryId === 'string' ? deliveryId : null,
    };
    if (isPossibleReplay(delivery, rules)) {
      this.metrics.refused('outside_replay_window');
      throw new OutsideReplayWindow();
    }
    await this.journal.accept(delivery);
    return { success: true };
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type Hook } from '#libs/database';
import { HighLevelClients } from './highlevel-clients.js';
import { Hooks } from './hooks.js';

/** A browser waits no longer (milliseconds) for the location's name. What comes later is stored all the same. */
const WAIT_MS = 3_000;

/** Asks a location that was just connected for its name, timezone and country. */
@Injectable()
export class LocationProfiles {
  private readonly logger = new Logger(LocationProfiles.name);

  constructor(
    private readonly clients: HighLevelClients,
    private readonly hooks: Hooks,
  ) {}

  /** Proves the token, too. Never throws: the connection stands also where this fails. */
  async read(hook: Hook): Promise<void> {
    await Promise.race([this.describe(hook), pause(WAIT_MS, undefined, { ref: false })]);
  }

  private async describe(hook: Hook): Promise<void> {
    try {
      const location = await this.clients.forHook(hook).locations.get();
      const { name = null, timezone = null, country = null } = location;
      await this.hooks.describe(hook, { name, timezone, country });
    } catch (error) {
      const reason = error instanceof Error ? error.name : typeof error;
      this.logger.warn({ msg: 'A connected location could not be read', hookId: hook.id, error: reason });
    }
  }
}

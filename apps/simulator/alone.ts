import { JournalDamaged } from './journal.js';
import { SettingsInvalid } from './settings.js';
import {
  createSimulator,
  DEFAULT_CLIENT_ID,
  DEFAULT_CLIENT_SECRET,
  DEFAULT_SHARED_SECRET,
  type Simulator,
} from './simulator.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a program of its own has that a library must not touch. */
export interface Surroundings {
  print: (line: string) => void;
  /** Says what is wrong; the program then ends unsuccessfully. */
  complain: (line: string) => void;
  onStopSignal: (stop: () => void) => void;
}

const DEFAULT_PORT = '3001';

/**
 * Runs one simulator from the environment: `SIMULATOR_PORT`, `DATA_DIR`, `SIMULATOR_WEBHOOK_URL`,
 * `SIMULATOR_CUSTOM_PAGE_URL`, `SIMULATOR_REDIRECT_URIS` (separated by commas), `GHL_CLIENT_ID`, `GHL_CLIENT_SECRET`,
 * `GHL_SHARED_SECRET`, `GHL_WEBHOOK_SECRET`.
 * @returns undefined after a complaint
 */
export async function startAlone(
  env: Environment,
  { print, complain, onStopSignal }: Surroundings,
): Promise<Simulator | undefined> {
  const portText = env['SIMULATOR_PORT'] ?? DEFAULT_PORT;
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    complain(`SIMULATOR_PORT is "${portText}"; expected a port from 0 to 65535`);
    return undefined;
  }
  let simulator: Simulator | undefined;
  try {
    simulator = await createSimulator({
      clientId: env['GHL_CLIENT_ID'] || DEFAULT_CLIENT_ID,
      clientSecret: env['GHL_CLIENT_SECRET'] || DEFAULT_CLIENT_SECRET,
      sharedSecret: env['GHL_SHARED_SECRET'] || DEFAULT_SHARED_SECRET,
      webhookSecret: env['GHL_WEBHOOK_SECRET'] || undefined,
      webhookUrl: env['SIMULATOR_WEBHOOK_URL'] || undefined,
      customPageUrl: env['SIMULATOR_CUSTOM_PAGE_URL'] || undefined,
      redirectUris: env['SIMULATOR_REDIRECT_URIS']
        ?.split(',')
        .map((uri) => uri.trim())
        .filter(Boolean),
      dataDir: env['DATA_DIR'] || undefined,
    });
    await simulator.listen(port);
  } catch (error) {
    await simulator?.close();
    complain(problemOf(error, port));
    return undefined;
  }
  const running = simulator;
  onStopSignal(() => void running.close());
  print(banner(running, env));
  return running;
}

function banner({ url, clientId, publicKeyPem, settings }: Simulator, env: Environment): string {
  return [
    '',
    '  HighLevel simulator',
    '',
    `    API and token endpoint   ${url}`,
    `    Consent page             ${url}/v2/oauth/chooselocation`,
    `    Play the other side      ${url}/`,
    `    Client id                ${clientId}`,
    `    Client secret            ${env['GHL_CLIENT_SECRET'] ? 'as in GHL_CLIENT_SECRET' : DEFAULT_CLIENT_SECRET}`,
    `    Shared secret            ${env['GHL_SHARED_SECRET'] ? 'as in GHL_SHARED_SECRET' : DEFAULT_SHARED_SECRET}`,
    `    Webhooks go to           ${settings.get().webhookUrl ?? 'nowhere: set SIMULATOR_WEBHOOK_URL'}`,
    `    HighLevel's frame        ${url}/custom-page shows ${settings.get().customPageUrl ?? 'nothing: set SIMULATOR_CUSTOM_PAGE_URL'}`,
    `    Data                     ${env['DATA_DIR'] ? `${env['DATA_DIR']}/simulator` : 'in memory: set DATA_DIR to keep it'}`,
    '',
    '  Webhook signatures verify with',
    '',
    publicKeyPem,
  ].join('\n');
}

function problemOf(error: unknown, port: number): string {
  if (isSystemError(error) && error.code === 'EADDRINUSE')
    return `Port ${port} is in use. Stop what listens there, or choose another with SIMULATOR_PORT.`;
  if (error instanceof SettingsInvalid) return `The simulator cannot start: ${error.message}`;
  if (error instanceof JournalDamaged) return error.message;
  return `The simulator cannot start: ${error instanceof Error ? error.message : String(error)}`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}

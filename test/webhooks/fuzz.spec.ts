import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { useDatabase } from '../harness/database.js';
import { connectedHook, contactEvent, inboxRows, Intake, SIGNATURES } from './webhook-fixture.js';

const REQUESTS = 10_500;
const AT_ONCE = 25;
const RAW_CONNECTIONS = 300;
/** Refusals, the throttling of refusals, and signed rubbish, which is kept. */
const ALLOWED = new Set([200, 400, 401, 404, 413, 415, 422, 429]);
const MAX_GROWTH_BYTES = 25 * 1024 * 1024;

const database = useDatabase();
let intake: Intake;

beforeAll(async () => {
  intake = await Intake.start(database.url, { TRUST_PROXY: '1' });
  await connectedHook(database.source);
});
afterAll(() => intake.stop());

const depth = fc.integer({ min: 1, max: 20_000 });
const whole = JSON.stringify(contactEvent());
const bodies: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.nat({ max: whole.length }).map((length) => Buffer.from(whole.slice(0, length))),
  depth.map((levels) => Buffer.from('['.repeat(levels) + ']'.repeat(levels))),
  depth.map((levels) => Buffer.from('{"type":"ContactUpdate","a":' + '{"a":'.repeat(levels))),
  fc
    .record({
      type: fc.oneof(fc.constantFrom('ContactCreate', 'INSTALL', '__proto__'), fc.anything()),
      locationId: fc.anything(),
      id: fc.anything(),
      timestamp: fc.oneof(fc.string(), fc.integer(), fc.date().map(String)),
      webhookId: fc.anything(),
      customFields: fc.anything(),
    })
    .map((event) => Buffer.from(JSON.stringify(event, tame))),
);
/** What `fc.anything` makes and JSON does not know. */
const tame = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const visible = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
});
type Sign = (body: Buffer) => Record<string, string>;
const signatures: fc.Arbitrary<Sign> = fc.oneof(
  fc.constantFrom<Sign[]>(SIGNATURES.hmacHex, SIGNATURES.ed25519, SIGNATURES.rsa),
  fc.constant<Sign>(() => ({})),
  fc.constant<Sign>(() => ({ 'x-ghl-signature': 'N/A' })),
  visible.map<Sign>((text) => () => ({ 'x-ghl-signature': text })),
  fc.nat({ max: 200 }).map<Sign>((length) => () => ({ 'x-ghl-signature': 'a'.repeat(length) })),
  fc.constant<Sign>((body) => ({ ...SIGNATURES.rsa(body), 'x-ghl-signature': 'A'.repeat(88) })),
);
const headers = fc.record(
  {
    'content-type': fc.oneof(
      visible,
      fc.constantFrom('text/xml', 'application/json; charset=utf-16', 'multipart/form-data'),
    ),
    deliveryid: visible,
    'x-request-id': visible,
    'x-forwarded-for': fc.ipV4(),
  },
  { requiredKeys: ['x-forwarded-for'] },
);

type Malformed = readonly [Buffer, Sign, Record<string, string>];

async function send([body, sign, also]: Malformed): Promise<number> {
  const { status } = await intake.deliver(body, { headers: sign, also });
  // So that whoever reads the failure can repeat it.
  if (!ALLOWED.has(status)) throw new Error(`${status} to ${show([body, sign, also])}`);
  return status;
}

function show([body, sign, also]: Malformed): string {
  return JSON.stringify({ body: body.toString('base64'), headers: { ...sign(body), ...also } });
}

/** In a fresh context, as this process was not started with the flag. */
function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('malformed requests', () => {
  it(`are answered, ${REQUESTS} of them, without a failure and without growth`, async () => {
    const cases = fc.sample(fc.tuple(bodies, signatures, headers), REQUESTS);
    const statuses = new Map<number, number>();
    let afterWarmUp = 0;
    for (let start = 0; start < cases.length; start += AT_ONCE) {
      if (start >= cases.length / 2 && afterWarmUp === 0) afterWarmUp = usedAfterCollection();
      const batch = cases.slice(start, start + AT_ONCE);
      for (const status of await Promise.all(batch.map(send)))
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses.get(401)).toBeGreaterThan(REQUESTS / 10);
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 10);
    expect(usedAfterCollection() - afterWarmUp).toBeLessThan(MAX_GROWTH_BYTES);

    const kept = new Set((await inboxRows(database.source)).map(({ state }) => state));
    expect([...kept].filter((state) => !['dead', 'ignored', 'pending', 'parked'].includes(state))).toEqual(
      [],
    );
  });

  it('over the limit are refused before they are read whole', async () => {
    const answer = await intake.deliver(Buffer.alloc(600 * 1024, '['), { headers: SIGNATURES.hmacHex });
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it('that are no HTTP get no more than an answer', async () => {
    const { port } = new URL(intake.url);
    const head = 'POST /webhooks/ghl HTTP/1.1\r\nHost: x\r\n';
    const rubbish = [
      () => randomBytes(200),
      () => Buffer.from(`${head}Content-Length: -5\r\n\r\n`),
      () => Buffer.from(`${head}Content-Length: 10\r\nContent-Length: 20\r\n\r\n{}`),
      () => Buffer.from(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{}`),
      () => Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`),
      () =>
        Buffer.concat([Buffer.from(`${head}X-GHL-Signature: `), randomBytes(40), Buffer.from('\r\n\r\n')]),
      () => Buffer.from(`${head}X: ${'y'.repeat(40_000)}\r\n\r\n`),
      () => Buffer.from(`NONSENSE /webhooks/ghl HTTP/9.9\r\n\r\n`),
      () => Buffer.from(`POST /webhooks/%zz%00 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`),
    ];
    for (let start = 0; start < RAW_CONNECTIONS; start += AT_ONCE) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) =>
          sendRaw(Number(port), rubbish[(start + n) % rubbish.length]?.()),
        ),
      );
      for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    }
  });

  it('leave a service that takes the next delivery', async () => {
    expect(await intake.deliver(contactEvent())).toMatchObject({ status: 200, body: { success: true } });
  });
});

/** Writes bytes and hangs up. @returns what came back until then */
async function sendRaw(port: number, bytes = Buffer.alloc(0)): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined); // hanging up on rubbish is an answer, too
  socket.end(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

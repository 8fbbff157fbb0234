/** The parts of an OpenAPI document that the walk over all routes reads. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Schema {
  $ref?: string;
  required?: string[];
  properties?: Record<string, { example?: unknown; examples?: unknown[] }>;
}

export interface Operation {
  operationId?: string;
  security?: object[];
  'x-raw-body'?: boolean;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    schema?: { type?: string; enum?: unknown[] };
  }[];
  requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> };
  responses: Record<
    string,
    { content?: Record<string, { schema?: object; examples?: Record<string, object> }> }
  >;
}

/** One operation of the document, with what the walk asks of it. */
export class Route {
  constructor(
    readonly method: string,
    readonly path: string,
    readonly operation: Operation,
    private readonly document: OpenApi,
  ) {}

  get name(): string {
    return `${this.method.toUpperCase()} ${this.path}`;
  }

  get needsCredentials(): boolean {
    return (this.operation.security ?? []).some((scheme) => Object.keys(scheme).length > 0);
  }

  get isOfAccount(): boolean {
    return this.path.includes('{account_id}');
  }

  /** The codes the document promises for a status. */
  codes(status: number): string[] {
    return Object.keys(this.operation.responses[status]?.content?.['application/json']?.examples ?? {});
  }

  /** Bodies whose bytes are signed; nobody looks at their content type. */
  get takesSignedBytes(): boolean {
    return this.operation['x-raw-body'] === true;
  }

  get takesJson(): boolean {
    return !this.takesSignedBytes && this.operation.requestBody?.content['application/json'] !== undefined;
  }

  /** A body that says what must be said, made of the document's examples. */
  get exampleBody(): object {
    const schema = this.operation.requestBody?.content['application/json']?.schema;
    const { required = [], properties = {} } =
      this.document.components.schemas[schema?.$ref?.split('/').at(-1) ?? ''] ?? schema ?? {};
    return Object.fromEntries(
      required.map((name) => [name, properties[name]?.example ?? properties[name]?.examples?.[0]]),
    );
  }

  /** Whether the path names a record besides the account. */
  get namesRecord(): boolean {
    return /\{(?!account_id)/.test(this.path);
  }

  /** The path for an account, with ids that name nothing for everything else. */
  url(accountId: number | string): string {
    return this.path
      .replace('{account_id}', String(accountId))
      .replace(/\{([^}]+)\}/g, (_, name: string) => (this.isNumber(name) ? '999999999' : 'unknown'));
  }

  private isNumber(name: string): boolean {
    return this.operation.parameters?.find((parameter) => parameter.name === name)?.schema?.type !== 'string';
  }
}

export function routesOf(document: OpenApi): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => new Route(method, path, operation, document)),
  );
}

import { type SendCall } from './api-calls.js';
import { VERSION_2021_07 } from './api-versions.js';
import {
  type HighLevelCustomField,
  type HighLevelLocation,
  type HighLevelTag,
  readCustomFieldDefinition,
  readLocation,
  readTag,
} from './location.js';
import { isRecord, listOf } from './untyped-json.js';

/** The location itself (HL 7.2). Every method throws `HighLevelError`. */
export class LocationsApi {
  constructor(
    private readonly send: SendCall,
    private readonly locationId: string,
  ) {}

  /** Reading it right after connecting proves the token. */
  get(): Promise<HighLevelLocation> {
    return this.read('/locations/{locationId}', (body) =>
      readLocation(isRecord(body) && isRecord(body.location) ? body.location : body),
    );
  }

  /** Definitions of the contacts' custom fields. Needs the scope `locations/customFields.readonly`. */
  customFields(): Promise<HighLevelCustomField[]> {
    return this.read(
      '/locations/{locationId}/customFields',
      (body) => (isRecord(body) ? listOf(body.customFields, readCustomFieldDefinition) : undefined),
      { model: 'contact' },
    );
  }

  /** Needs the scope `locations/tags.readonly`. */
  tags(): Promise<HighLevelTag[]> {
    return this.read('/locations/{locationId}/tags', (body) =>
      isRecord(body) ? listOf(body.tags, readTag) : undefined,
    );
  }

  private read<T>(
    path: string,
    pick: (body: unknown) => T | undefined,
    query?: Readonly<Record<string, string>>,
  ): Promise<T> {
    const ids = { locationId: this.locationId };
    return this.send({ method: 'GET', path, ids, query, version: VERSION_2021_07 }, pick);
  }
}

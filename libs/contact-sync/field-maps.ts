import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Place } from './contact-links.js';
import { FieldMap, type FieldMapping } from './field-map.js';

/** A location with what is what there. */
export interface MappedPlace extends Place {
  readonly fields: FieldMap;
}

/** Reads what accounts chose for their fields (`ghl.field_mappings`). */
@Injectable()
export class FieldMaps {
  async of(manager: EntityManager, place: Place): Promise<MappedPlace> {
    return { ...place, fields: new FieldMap(await this.chosen(manager, place)) };
  }

  /** What was chosen, without what is standard. */
  async chosen(manager: EntityManager, { accountId, locationId }: Place): Promise<FieldMapping[]> {
    return manager.query<FieldMapping[]>(
      `select field, direction, attribute, data_type as "dataType" from ghl.field_mappings
        where account_id = $1 and location_id = $2`,
      [accountId, locationId],
    );
  }
}

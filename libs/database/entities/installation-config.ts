import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamped } from './timestamped.js';

@Entity('installation_configs')
export class InstallationConfig extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('varchar')
  name!: string;

  /** A JSON string whose content is Rails' tagged YAML (DM 6). */
  @Column('jsonb', { default: {} })
  serializedValue!: unknown;

  /** True: not editable on DeskFlow's super admin page. */
  @Column('boolean', { default: true })
  locked!: boolean;
}

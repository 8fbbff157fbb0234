import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamped } from './timestamped.js';

/** A label an account can choose from. What carries it is in `taggings`. */
@Entity('labels')
export class Label extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('bigint', { nullable: true })
  accountId!: number;

  @Column('varchar', { nullable: true })
  title!: string;

  @Column('varchar', { default: '#1f93ff' })
  color!: string;

  @Column('boolean', { nullable: true })
  showOnSidebar!: boolean | null;
}

/** A label's name, shared by all accounts. */
@Entity('tags')
export class Tag {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { nullable: true })
  name!: string;

  @Column('int', { default: 0 })
  taggingsCount!: number | null;
}

/** A label on a contact (`taggableType` Contact) or conversation, with `context` labels. */
@Entity('taggings')
export class Tagging {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int', { nullable: true })
  tagId!: number;

  @Column('varchar', { nullable: true })
  taggableType!: string;

  @Column('int', { nullable: true })
  taggableId!: number;

  @Column('varchar', { length: 128, nullable: true })
  context!: string;

  @Column('timestamp', { nullable: true })
  createdAt!: Date | null;
}

import { BeforeInsert, BeforeUpdate, Column } from 'typeorm';

/** DeskFlow's tables have no defaults for these two: whoever writes supplies them (DM 1). `save()` does it here. */
export abstract class Timestamped {
  @Column('timestamp')
  createdAt!: Date;

  @Column('timestamp')
  updatedAt!: Date;

  @BeforeInsert()
  protected stampCreation(): void {
    this.createdAt = new Date();
    this.updatedAt = this.createdAt;
  }

  @BeforeUpdate()
  protected stampUpdate(): void {
    this.updatedAt = new Date();
  }
}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppConfig } from '#libs/config';
import { dataSourceOptions } from './data-source-options.js';

/** An unreachable server is reported at once; whoever runs the process restarts it. */
const CONNECT_ATTEMPTS = 1;

/** The `DataSource` of a process, to be injected by its class. Migrations run elsewhere, before. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      useFactory: ({ databaseUrl }: AppConfig) => ({
        ...dataSourceOptions(databaseUrl),
        retryAttempts: CONNECT_ATTEMPTS,
        verboseRetryLog: false,
      }),
    }),
  ],
})
export class DatabaseModule {}

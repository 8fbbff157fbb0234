import { embeddedUrl, MigrationDataSource } from '#libs/database';

/**
 * The data source of TypeORM's command line (`typeorm migration:revert -d dist/ormconfig.js`): DATABASE_URL, or the
 * embedded database of a running `npm start`. The apps use the same options through `DatabaseModule`.
 */
const url = process.env['DATABASE_URL'] ?? (await embeddedUrl(process.env['DATA_DIR'] ?? '.data'));
if (url === undefined) throw new Error('Set DATABASE_URL, or run npm start in another terminal');

export default new MigrationDataSource(url);

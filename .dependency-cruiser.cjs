/** Arrows point down: each lib lists the libs it may import; docs/architecture.md holds the same table for people. */
const LAYERS = [
  ['highlevel', 'i18n'],
  ['errors'],
  ['config', 'logging'],
  ['database', 'http'],
  ['queue', 'auth'],
  ['audit', 'metrics'],
  ['contacts', 'health', 'integrations'],
  ['oauth', 'contact-sync'],
  ['imports', 'reconciliation', 'sso', 'sync-status', 'webhooks'],
];

const upward = LAYERS.map((libs, layer) => ({
  name: `layer-${layer}-imports-only-below`,
  severity: 'error',
  from: { path: `^libs/(${libs.join('|')})/` },
  to: {
    path: `^libs/(${LAYERS.slice(layer).flat().join('|')})/`,
    pathNot: '^libs/$1/',
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'libs-only-through-their-index',
      comment: 'A lib is its index.ts; what it does not export is its own business.',
      severity: 'error',
      from: { path: '^(libs/([^/]+)|apps/[^/]+|test)/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/[^/]+/index\\.ts$', '^libs/$2/'] },
    },
    {
      name: 'libs-do-not-know-apps',
      comment: 'Their specs may use the test database.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(apps|test)/' },
    },
    {
      name: 'highlevel-is-plain',
      comment: 'Usable without Nest and without a database.',
      severity: 'error',
      from: { path: '^libs/highlevel/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs|typeorm|pg)/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(libs|apps)/', pathNot: '\\.spec\\.ts$' },
      to: {},
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'not-to-unlisted',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|apps/console)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    webpackConfig: { fileName: '.dependency-cruiser.resolve.cjs' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};

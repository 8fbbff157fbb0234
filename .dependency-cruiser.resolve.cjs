const { join } = require('node:path');

/** package.json's `imports` lead to dist/; the rules are about the sources. */
module.exports = {
  resolve: {
    alias: { '#libs': join(__dirname, 'libs'), '#apps': join(__dirname, 'apps') },
    extensionAlias: { '.js': ['.ts', '.js'] },
  },
};

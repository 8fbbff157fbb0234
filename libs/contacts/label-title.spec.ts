import { labelTitle } from './label-title.js';

/** As Chatwoot validates `labels.title`. */
const RAILS_TITLE = /^[\p{L}\p{N}]+[\p{L}\p{N}_-]+$/u;

describe(labelTitle.name, () => {
  it.each([
    ['vip', 'vip'],
    ['VIP Kunde!', 'vip-kunde'],
    ['  spaced   out ', 'spaced-out'],
    ['renewal_due-2026', 'renewal_due-2026'],
    ['Überfällig', 'überfällig'],
    ['عميل مهم', 'عميل-مهم'],
    ['_hidden', 'hidden'],
    ['x', 'tag-x'],
    ['a\u0000b', 'ab'],
  ])('makes of %j the label %j', (tag, title) => {
    expect(labelTitle(tag)).toBe(title);
  });

  it('gives tags without a letter or digit a label each, always the same one', () => {
    expect(labelTitle('🔥')).toBe(labelTitle('🔥'));
    expect(labelTitle('🔥')).not.toBe(labelTitle('💧'));
  });

  it.each(['🔥', '!', 'x', 'VIP Kunde!', '-'.repeat(300), 'ä'.repeat(400), `${'a'.repeat(255)}!`, ''])(
    'makes of %j a title that Rails takes and that stays as it is',
    (tag) => {
      const title = labelTitle(tag);
      expect(title).toMatch(RAILS_TITLE);
      expect(Array.from(title).length).toBeLessThanOrEqual(255);
      expect(labelTitle(title)).toBe(title);
    },
  );
});

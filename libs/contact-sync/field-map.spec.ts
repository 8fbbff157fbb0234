import { FieldMap, type FieldMapping } from './field-map.js';

const mapping = (given: Partial<FieldMapping> & Pick<FieldMapping, 'field'>): FieldMapping => ({
  direction: 'both',
  attribute: null,
  dataType: null,
  ...given,
});

describe(FieldMap.name, () => {
  it('without choices lets every field go both ways, but those that are HighLevel’s to decide', () => {
    const map = new FieldMap();
    expect(
      ['city', 'tags', 'customFields.x', 'dnd', 'assignedTo'].map((field) =>
        map.directionOf(field as 'city'),
      ),
    ).toEqual(['both', 'both', 'both', 'in', 'in']);
    expect(map.attributeOf('x')).toBe('ghl_field_x');
    expect(map.fieldOf('ghl_field_x')).toBe('customFields.x');
    expect(map.fieldOf('budget')).toBeUndefined();
  });

  it('knows a custom field by the attribute that was chosen, and by no other', () => {
    const map = new FieldMap([mapping({ field: 'customFields.x', attribute: 'budget' })]);
    expect(map.attributeOf('x')).toBe('budget');
    expect(map.fieldOf('budget')).toBe('customFields.x');
    expect(map.fieldOf('ghl_field_x')).toBeUndefined();
    expect(map.fieldOf('ghl_field_y')).toBe('customFields.y');
  });

  it('leaves out changes of the side that is not to be heard', () => {
    const map = new FieldMap([
      mapping({ field: 'city', direction: 'in' }),
      mapping({ field: 'state', direction: 'out' }),
      mapping({ field: 'website', direction: 'off' }),
      mapping({ field: 'tags', direction: 'off' }),
    ]);
    const base = { city: 'a', state: 'a', website: 'a', 'tags.a': true } as const;
    const changed = { city: 'b', state: 'b', website: 'b', 'tags.b': true, email: 'b' } as const;
    expect(map.heardOfLocal(changed, base)).toEqual({
      city: 'a',
      state: 'b',
      website: 'a',
      'tags.a': true,
      email: 'b',
    });
    expect(map.heardOfRemote(changed, base)).toEqual({
      city: 'b',
      state: 'a',
      website: 'a',
      'tags.a': true,
      email: 'b',
    });
  });

  it.each([
    ['NUMERICAL', '42', 42, '43', 43],
    ['MONETORY', 9.5, 9.5, '10', 10],
    ['DATE', '2026-01-05T00:00:00.000Z', '2026-01-05', '2026-01-06', '2026-01-06'],
    ['CHECKBOX', ['a'], ['a'], 'b', ['b']],
    ['MULTIPLE_OPTIONS', ['a', 'b'], ['a', 'b'], ['c'], ['c']],
    ['SINGLE_OPTIONS', 'a', 'a', 'b', 'b'],
    ['TEXT', 'a', 'a', 7, '7'],
    ['LARGE_TEXT', 'a', 'a', true, 'true'],
    [null, 'a', 'a', 7, 7],
  ])('shows %s as DeskFlow has it, and takes what DeskFlow has', (dataType, remote, shown, changed, told) => {
    const field = 'customFields.x';
    const map = new FieldMap([mapping({ field, attribute: 'attribute', dataType })]);
    expect(map.shown(field, remote)).toEqual(shown);
    expect(map.told(field, shown, remote)).toEqual(remote); // nobody has changed it
    expect(map.told(field, changed, remote)).toEqual(told);
  });

  it('does not tell what a field cannot take', () => {
    const map = new FieldMap([
      mapping({ field: 'customFields.n', dataType: 'NUMERICAL' }),
      mapping({ field: 'customFields.f', dataType: 'FILE_UPLOAD' }),
    ]);
    expect(map.told('customFields.n', 'plenty', 5)).toBe(5);
    expect(map.told('customFields.f', 'a.pdf', undefined)).toBeUndefined();
  });
});

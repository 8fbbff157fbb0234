interface Countries {
  /** English names by code. */
  readonly names: ReadonlyMap<string, string>;
  /** Present codes by code: `UK` → `GB`, and `DE` → `DE`. */
  readonly successors: ReadonlyMap<string, string>;
  /** Present codes by English name in lower case. */
  readonly codes: ReadonlyMap<string, string>;
}

/** Every contact's country is looked up, and asking Intl takes as long as the rest of reading the contact. */
let known: Countries | undefined;

/** `DE` → `Germany`, which is what DeskFlow keeps beside the code. */
export function countryName(code: string): string | undefined {
  return countries().names.get(code);
}

/** Two letters for a code or an English name (search answers names, HL 5.2); undefined for anything else. */
export function countryCode(text: string): string | undefined {
  const { successors, codes } = countries();
  const trimmed = text.trim();
  return successors.get(trimmed.toUpperCase()) ?? codes.get(trimmed.toLowerCase());
}

function countries(): Countries {
  return (known ??= readCountries());
}

function readCountries(): Countries {
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  const englishNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const all = letters
    .flatMap((first) => letters.map((second) => first + second))
    .flatMap((code) => {
      const name = englishNames.of(code);
      return name === undefined
        ? []
        : [{ code, name, present: new Intl.Locale(`und-${code}`).region ?? code }];
    });
  return {
    names: new Map(all.map(({ code, name }) => [code, name])),
    successors: new Map(all.map(({ code, present }) => [code, present])),
    codes: new Map(
      all.flatMap(({ code, name, present }) => (code === present ? [[name.toLowerCase(), code]] : [])),
    ),
  };
}

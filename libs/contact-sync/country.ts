const ENGLISH_NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
const LETTERS = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
const CODE = /^[A-Z]{2}$/;

let codesByName: ReadonlyMap<string, string> | undefined;

/** `DE` → `Germany`, which is what DeskFlow keeps beside the code. */
export function countryName(code: string): string | undefined {
  return CODE.test(code) ? ENGLISH_NAMES.of(code) : undefined;
}

/** Two letters for a code or an English name (search answers names, HL 5.2); undefined for anything else. */
export function countryCode(text: string): string | undefined {
  const trimmed = text.trim();
  const code = currentCode(trimmed.toUpperCase());
  if (code !== undefined) return code;
  codesByName ??= namesToCodes();
  return codesByName.get(trimmed.toLowerCase());
}

/** Codes that were replaced become their successor: `UK` → `GB`. */
function currentCode(code: string): string | undefined {
  return countryName(code) === undefined ? undefined : new Intl.Locale(`und-${code}`).region;
}

function namesToCodes(): ReadonlyMap<string, string> {
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  return new Map(
    codes.flatMap((code) => {
      const name = countryName(code);
      return name === undefined || currentCode(code) !== code ? [] : [[name.toLowerCase(), code] as const];
    }),
  );
}

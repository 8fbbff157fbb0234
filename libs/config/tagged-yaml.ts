import { type CollectionTag, parseDocument, Scalar, stringify } from 'yaml';

/** Rails writes it before every map and refuses a row without it (DM 6). */
const RUBY_HASH_TAG = '!ruby/hash:ActiveSupport::HashWithIndifferentAccess';

const rubyHash: CollectionTag = {
  tag: RUBY_HASH_TAG,
  collection: 'map',
  resolve: (node) => node,
};

/** Deep or wide YAML is no configuration value; aliases can multiply what a small text unfolds to. */
const MAX_ALIASES = 20;

/**
 * Reads the value of an `installation_configs.serialized_value`: a jsonb string that holds tagged YAML, or an object as
 * a fork may have migrated it to. Undefined when there is no value in it or it cannot be read.
 */
export function readTaggedValue(serialized: unknown): unknown {
  const content = typeof serialized === 'string' ? parseYaml(serialized) : serialized;
  if (typeof content !== 'object' || content === null || !('value' in content)) return undefined;
  return content.value;
}

/**
 * Writes a text as Rails would. Texts are always quoted: Ruby reads YAML 1.1, where a bare yes, no or 12 is no text.
 */
export function writeTaggedValue(value: string): string {
  const quoted = new Scalar(value);
  quoted.type = Scalar.QUOTE_DOUBLE;
  return `--- ${RUBY_HASH_TAG}\nvalue: ${stringify(quoted, { lineWidth: 0 })}`;
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { customTags: [rubyHash], logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    return undefined;
  }
}

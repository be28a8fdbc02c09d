/** What the placeholders of the tables stand for: {proxy}, {host}, {name}, {removal} as in the table of causes; {compare}. */
export type PlaceholderValues = Readonly<Partial<Record<Placeholder, string>>>;

export type Placeholder = 'proxy' | 'host' | 'name' | 'removal' | 'compare';

/**
 * Returns the text with its placeholders filled; those without a value stay. A value is taken as it is: `$&` in it is no
 * pattern, and what looks like a placeholder in it is none.
 */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  return text.replace(
    /\{(proxy|host|name|removal|compare)\}/g,
    (all, name: Placeholder) => values[name] ?? all,
  );
}

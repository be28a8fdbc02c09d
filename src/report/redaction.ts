/** A login whose parts must not be shown; '' and absent mean the same. */
export interface Secret {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Removes known secrets, userinfo and URL queries from text. */
export interface Redactor {
  /** Returns the text without them. Apply before any cutting, as a cut secret is not found. Idempotent. */
  redact(text: string): string;
  /** Every form of every secret, for the runner to mask; never empty strings. */
  readonly masks: readonly string[];
  /** What the user should know, without the secret. */
  readonly warnings: readonly string[];
}

/** What stands for a secret, as the runner writes it. */
export const REDACTED = '***';

/** Shorter secrets stand in ordinary words: replacing them would destroy every text and thereby tell them. */
const SHORTEST_REPLACED = 4;

/** With these passwords the user name is the token (GitHub's documented forms). */
const PLACEHOLDER_PASSWORDS: ReadonlySet<string> = new Set(['', 'x-oauth-basic']);

/** Prefixes that issuers give to tokens: such a user name is one whatever the password is. */
const TOKEN = /^(?:gh[oprsu]_|github_pat_|glpat-|glcbt-|AKC|cmVmdGtu|eyJ)/;

/**
 * Returns a redactor for the secrets: passwords, and user names where they are the token (no password, `x-oauth-basic`, or
 * a token's prefix), each as given, URL-decoded and in every URL-encoded spelling, and as HTTP basic authorization.
 * Secrets of less than 4 characters are masked by the runner but not replaced in our text, where userinfo is cut anyway.
 */
export function makeRedactor(secrets: readonly Secret[]): Redactor {
  const plain = unique(secrets.flatMap(secretTexts));
  const masks = unique([...plain.flatMap(spellings), ...secrets.flatMap(basicAuthorization)]);
  // The longest first, lest a part of one leaves its rest behind.
  const replaced = masks
    .filter((mask) => mask.length >= SHORTEST_REPLACED)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const short = plain.filter((text) => text.length < SHORTEST_REPLACED).length;
  return {
    redact: (text) => redactUrls(replaced.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)),
    masks,
    warnings: short === 0 ? [] : [shortSecretWarning(short)],
  };
}

/** Returns the text with the userinfo of every URL removed, and queries and fragments cut to `?…`. Idempotent. */
export function redactUrls(text: string): string {
  return (
    text
      // net/url quotes what it cannot parse (a password with a slash in it), and the part of it that it takes for a port.
      .replace(/(\bparse "[a-z][a-z0-9+.-]*:\/\/)[^"\s]*@/gi, '$1')
      .replace(/\binvalid port "[^"]*" after host/g, 'invalid port after host')
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, '$1')
      .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s?#]*)[?#]\S*/gi, '$1?\u2026')
  );
}

/**
 * Returns one entry of a proxy list for an error message, also when it is no URL: everything before the last `@` is
 * gone, as a password may hold any character and the scheme may be missing.
 */
export function redactEntry(entry: string): string {
  const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(entry)?.[0].trim() ?? '';
  const at = entry.lastIndexOf('@');
  return redactUrls(at < 0 ? entry : `${scheme}${REDACTED}@${entry.slice(at + 1)}`);
}

function secretTexts({ user = '', password = '' }: Secret): readonly string[] {
  const isUserSecret = PLACEHOLDER_PASSWORDS.has(decoded(password)) || TOKEN.test(user);
  return [password, isUserSecret ? user : ''].filter((text) => text !== '');
}

/** As given, decoded, and encoded as Go, WHATWG URLs and others write it, with hexadecimal digits of both cases. */
function spellings(secret: string): readonly string[] {
  const raw = unique([secret, decoded(secret)]);
  const encoded = raw.flatMap((text) => [
    encodeURIComponent(text.toWellFormed()),
    encodeStrictly(text),
    encodeAsGo(text),
    encodeAsUrl(text),
    JSON.stringify(text).slice(1, -1),
  ]);
  return unique([...raw, ...encoded, ...encoded.map(lowerCaseEscapes)]);
}

function basicAuthorization({ user = '', password = '' }: Secret): readonly string[] {
  if (password === '' && user === '') return [];
  return unique([`${user}:${password}`, `${decoded(user)}:${decoded(password)}`]).map((login) =>
    Buffer.from(login).toString('base64'),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** net/url, Userinfo.String: `$&+,;=` stay as they are. */
function encodeAsGo(text: string): string {
  return encodeStrictly(text).replace(/%(?:24|26|2B|2C|3B|3D)/g, decodeURIComponent);
}

function encodeAsUrl(text: string): string {
  const url = new URL('https://host.invalid');
  url.password = text;
  return url.password;
}

function lowerCaseEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase());
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}

function shortSecretWarning(count: number): string {
  const subject = count === 1 ? 'A password or token is' : `${count} passwords or tokens are`;
  return `${subject} shorter than ${SHORTEST_REPLACED} characters: the runner masks every occurrence of it, also inside of words. Use a longer one.`;
}

import { createHash } from 'node:crypto';
import { GoRuleError } from './go-rule-error.ts';
import { GoUrlError, parseGoUrl, requestUrl } from './go-url.ts';
import { hasSpace, splitFields } from './white-space.ts';

/** What a GOSUMDB value says. */
export type Gosumdb =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'db';
      /** host or host/path. */
      readonly name: string;
      /** The verifier key `name+hash+key`, from the value or known to go. */
      readonly key: string;
      /** Where it is asked, past every proxy; absent: through the first proxy that offers it, else `https://<name>`. */
      readonly url?: URL;
    };

/** What Go uses when nothing sets GOSUMDB. Source: go.env of the Go distribution. */
export const DEFAULT_GOSUMDB = 'sum.golang.org';

/** The databases whose key go knows. Source: cmd/go/internal/modfetch/key.go. */
const KNOWN_KEYS: ReadonlyMap<string, string> = new Map([
  ['sum.golang.org', 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'],
]);

/** Another address of sum.golang.org, reachable in mainland China. Source: sumdb.go, dbDial. */
const ALIAS = 'sum.golang.google.cn';

const ED25519 = 1;
const ED25519_KEY_BYTES = 32;
/** Go's base64.StdEncoding demands padding; Node's decoder does not. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Returns what a GOSUMDB value says. Throws {@link GoRuleError} `gosumdb` where the go command refuses it, and for a
 * URL that go could ask nothing of (no scheme of https, http, file; no host). The message quotes no URL. Source:
 * cmd/go/internal/modfetch/sumdb.go, dbDial, and x/mod/sumdb/note, NewVerifier.
 */
export function parseGosumdb(value: string): Gosumdb {
  if (value === 'off') return { kind: 'off' };
  const fields = splitFields(value === ALIAS ? `sum.golang.org https://${ALIAS}` : value);
  const [first, location] = fields;
  if (first === undefined) throw refusal('it is empty');
  if (fields.length > 2) {
    throw refusal(`it has ${fields.length} fields, and may have two: a name or key, and a URL`);
  }
  const key = KNOWN_KEYS.get(first) ?? first;
  const name = checkVerifierKey(key);
  checkDatabaseName(name);
  return { kind: 'db', name, key, ...(location === undefined ? {} : { url: parseLocation(location) }) };
}

/** Says whether a GOSUMDB value is what go has when nobody sets it; another spelling of it is not. */
export function isGoDefault(value: string): boolean {
  return value === DEFAULT_GOSUMDB;
}

/** Returns the name in the key after all checks of note.NewVerifier. */
function checkVerifierKey(key: string): string {
  const [name, hash, encoded] = cutKey(key);
  const isWellFormed = /^[0-9A-Fa-f]{8}$/.test(hash) && BASE64.test(encoded) && encoded !== '';
  if (name === '' || hasSpace(name) || !isWellFormed) {
    const known = [...KNOWN_KEYS.keys(), ALIAS].join(' or ');
    throw refusal(
      `${JSON.stringify(name.slice(0, 100))} is no database whose key go knows (${known}), and no key of the form name+hash+key`,
    );
  }
  const bytes = Buffer.from(encoded, 'base64');
  const computed = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8);
  if (computed !== hash.toLowerCase()) {
    throw refusal(`the hash in the key of ${JSON.stringify(name)} does not belong to its name and key`);
  }
  if (bytes[0] !== ED25519 || bytes.length !== ED25519_KEY_BYTES + 1) {
    throw refusal(`the key of ${JSON.stringify(name)} is not an Ed25519 key`);
  }
  return name;
}

function cutKey(key: string): readonly [name: string, hash: string, encoded: string] {
  const [name = '', hash = '', ...rest] = key.split('+');
  return [name, hash, rest.join('+')];
}

/** The name is used as host[/path] of https URLs and must be nothing more. */
function checkDatabaseName(name: string): void {
  try {
    const parsed = parseGoUrl(`https://${name}`);
    const isBare = parsed.userinfo === undefined && parsed.query === undefined && parsed.fragment === '';
    // Go refuses a path whose default escaping differs from what is written (RawPath is set).
    const isPlain = /^[A-Za-z0-9\-_.~$&+,/:;=@]*$/.test(parsed.path);
    if (isBare && isPlain && parsed.host !== '' && !name.endsWith('/') && !name.includes('#')) return;
  } catch (error) {
    if (!(error instanceof GoUrlError)) throw error;
  }
  throw refusal('the name in the key must be a host, or a host and a path');
}

function parseLocation(text: string): URL {
  try {
    const parsed = parseGoUrl(text);
    if (!['https', 'http', 'file'].includes(parsed.scheme)) {
      throw new GoUrlError('its scheme must be https, http or file');
    }
    return requestUrl(parsed);
  } catch (error) {
    if (error instanceof GoUrlError) throw refusal(`the URL cannot be used: ${error.message}`);
    throw error;
  }
}

function refusal(what: string): GoRuleError {
  return new GoRuleError('gosumdb', `GOSUMDB: ${what}`);
}

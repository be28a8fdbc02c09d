import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a TLS server needs; `cert` is the chain as it is sent. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

/** The kinds of server certificates that makeCertificates makes. */
export const CERTIFICATE_VARIANTS = [
  'good',
  'expired',
  'notYetValid',
  'wrongHost',
  'selfSigned',
  'unknownCa',
  'unknownCaSent',
  'incompleteChain',
] as const;
export type CertificateVariant = (typeof CERTIFICATE_VARIANTS)[number];

/** A root that tests may trust, and server certificates of each kind. */
export interface Certificates extends Readonly<Record<CertificateVariant, ServerCertificate>> {
  /** PEM of the root; everything but selfSigned and unknownCa… leads to it. */
  readonly ca: string;
  /** For SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
}

interface Authority {
  readonly name: string;
  readonly key: string;
  readonly cert: string;
}

const YEAR_MS = 365 * 24 * 3_600_000;
const OPENSSL_TIMEOUT_MS = 20_000;

/**
 * Makes a root, an intermediate and one server certificate per variant below `directory`, with the system's openssl.
 * Servers are named localhost, 127.0.0.1, ::1 and `names` (wrongHost: `wrong.test` alone). About half a second.
 */
export async function makeCertificates(
  directory: string,
  options: { readonly names?: readonly string[] } = {},
): Promise<Certificates> {
  const names = ['localhost', '127.0.0.1', '::1', ...(options.names ?? [])];
  await mkdir(directory, { recursive: true });
  const [root, stranger] = await Promise.all([makeRoot(directory, 'root'), makeRoot(directory, 'stranger')]);
  const intermediate = await makeIntermediate(directory, root);
  const now = Date.now();
  const valid = { from: now - YEAR_MS / 365, to: now + YEAR_MS };
  const leaf = (variant: CertificateVariant, by: Authority, extra: Partial<LeafOptions> = {}) =>
    makeLeaf(directory, { name: variant, by, names, ...valid, ...extra });
  const [good, expired, notYetValid, wrongHost, selfSigned, unknownCa, unknownCaSent, incompleteChain] =
    await Promise.all([
      leaf('good', intermediate, { sent: [intermediate] }),
      leaf('expired', root, { from: now - YEAR_MS, to: now - YEAR_MS / 12 }),
      leaf('notYetValid', root, { from: now + YEAR_MS / 12, to: now + YEAR_MS }),
      leaf('wrongHost', root, { names: ['wrong.test'] }),
      makeSelfSigned(directory, names),
      leaf('unknownCa', stranger),
      leaf('unknownCaSent', stranger, { sent: [stranger] }),
      leaf('incompleteChain', intermediate, { issuerUrl: 'http://ca.test/intermediate.crt' }),
    ]);
  const caFile = path.join(directory, 'root.crt');
  const ca = await readFile(caFile, 'utf8');
  // biome-ignore format: one line per certificate says nothing more.
  return { ca, caFile, good, expired, notYetValid, wrongHost, selfSigned, unknownCa, unknownCaSent, incompleteChain };
}

/** Whether an openssl that can be run is on PATH. */
export async function hasOpenssl(): Promise<boolean> {
  try {
    await run('openssl', ['version'], { timeout: OPENSSL_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

async function openssl(directory: string, args: readonly string[]): Promise<void> {
  await run('openssl', [...args], { cwd: directory, timeout: OPENSSL_TIMEOUT_MS });
}

/** A new EC key: RSA keys would take seconds. */
async function makeKey(directory: string, name: string): Promise<string> {
  await openssl(directory, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`]);
  return path.join(directory, `${name}.key`);
}

async function writeRequestConfig(directory: string, name: string): Promise<string> {
  const file = path.join(directory, `${name}.req.cnf`);
  await writeFile(
    file,
    `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nO=setup-goproxy tests\nCN=${name}\n[ca_ext]\n${CA_EXTENSIONS}`,
  );
  return file;
}

const CA_EXTENSIONS =
  'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';

async function makeRoot(directory: string, name: string): Promise<Authority> {
  const key = await makeKey(directory, name);
  const config = await writeRequestConfig(directory, name);
  // biome-ignore format: flags and their values in pairs.
  await openssl(directory, ['req', '-x509', '-new', '-sha256', '-config', config, '-extensions', 'ca_ext', '-key', key, '-days', '3650', '-out', `${name}.crt`]);
  return { name, key, cert: path.join(directory, `${name}.crt`) };
}

interface SignOptions {
  readonly name: string;
  readonly by: Authority;
  readonly from: number;
  readonly to: number;
  readonly extensions: string;
}

/** Signs with `openssl ca`, the only subcommand of old and new releases that takes both dates. */
async function sign(directory: string, options: SignOptions): Promise<string> {
  const { name, by } = options;
  const request = path.join(directory, `${name}.csr`);
  const config = await writeRequestConfig(directory, name);
  const key = path.join(directory, `${name}.key`);
  await openssl(directory, ['req', '-new', '-sha256', '-config', config, '-key', key, '-out', request]);
  // A database of its own: two signatures at once would fight over one.
  const database = path.join(directory, `${name}.db`);
  await mkdir(database);
  await writeFile(path.join(database, 'index.txt'), '');
  const caConfig = path.join(database, 'ca.cnf');
  await writeFile(
    caConfig,
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${database}/index.txt\nnew_certs_dir=${database}\nrand_serial=yes\n` +
      `default_md=sha256\npolicy=p\nunique_subject=no\n[p]\nO=optional\nCN=supplied\n[ext]\n${options.extensions}`,
  );
  const out = path.join(directory, `${name}.crt`);
  // biome-ignore format: flags and their values in pairs.
  await openssl(directory, ['ca', '-batch', '-notext', '-config', caConfig, '-extensions', 'ext', '-cert', by.cert, '-keyfile', by.key, '-in', request, '-out', out, '-startdate', asn1Time(options.from), '-enddate', asn1Time(options.to)]);
  return out;
}

function asn1Time(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}

async function makeIntermediate(directory: string, by: Authority): Promise<Authority> {
  const name = 'intermediate';
  const key = await makeKey(directory, name);
  const now = Date.now();
  const cert = await sign(directory, {
    name,
    by,
    from: now - YEAR_MS / 365,
    to: now + YEAR_MS,
    extensions: CA_EXTENSIONS,
  });
  return { name, key, cert };
}

interface LeafOptions {
  readonly name: string;
  readonly by: Authority;
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
  /** Where the issuer's certificate is said to be, as public authorities do. */
  readonly issuerUrl?: string;
  /** Authorities sent after the leaf. */
  readonly sent?: readonly Authority[];
}

function leafExtensions(names: readonly string[], issuerUrl?: string): string {
  const alternative = names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');
  const issuer = issuerUrl === undefined ? '' : `authorityInfoAccess=caIssuers;URI:${issuerUrl}\n`;
  return `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${alternative}\n${issuer}`;
}

async function makeLeaf(directory: string, options: LeafOptions): Promise<ServerCertificate> {
  const keyFile = await makeKey(directory, options.name);
  const leaf = await sign(directory, {
    ...options,
    extensions: leafExtensions(options.names, options.issuerUrl),
  });
  const chain = await Promise.all(
    [leaf, ...(options.sent ?? []).map((ca) => ca.cert)].map((f) => readFile(f, 'utf8')),
  );
  return finishServer(directory, options.name, keyFile, chain.join(''));
}

async function makeSelfSigned(directory: string, names: readonly string[]): Promise<ServerCertificate> {
  const name = 'selfSigned';
  const keyFile = await makeKey(directory, name);
  const config = await writeRequestConfig(directory, name);
  await writeFile(config, `${await readFile(config, 'utf8')}[leaf]\n${leafExtensions(names)}`);
  // biome-ignore format: flags and their values in pairs.
  await openssl(directory, ['req', '-x509', '-new', '-sha256', '-config', config, '-extensions', 'leaf', '-key', keyFile, '-days', '365', '-out', `${name}.crt`]);
  return finishServer(directory, name, keyFile, await readFile(path.join(directory, `${name}.crt`), 'utf8'));
}

async function finishServer(
  directory: string,
  name: string,
  keyFile: string,
  cert: string,
): Promise<ServerCertificate> {
  const certFile = path.join(directory, `${name}.pem`);
  await writeFile(certFile, cert);
  return { key: await readFile(keyFile, 'utf8'), cert, keyFile, certFile };
}

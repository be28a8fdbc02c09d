import { X509Certificate } from 'node:crypto';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import tls from 'node:tls';

/** Whom TLS connections trust. */
export interface Trust {
  readonly secureContext: tls.SecureContext;
  /** What could not be read; for people, one sentence each. */
  readonly notes: readonly string[];
}

/** Options of loadTrust. */
export interface TrustOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

/** crypto/x509/root_linux.go certFiles: the first that can be read counts. */
const CERT_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;
/** crypto/x509/root_linux.go certDirectories: all are read. */
const CERT_DIRECTORIES = ['/etc/ssl/certs', '/etc/pki/tls/certs'] as const;

const MAX_FILE_BYTES = 16 << 20;
const MAX_DIRECTORY_ENTRIES = 5000;
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Returns a TLS context that trusts the system's authorities as go does (SSL_CERT_FILE and SSL_CERT_DIR on Linux), Node's
 * own list, and NODE_EXTRA_CA_CERTS; TLS 1.2 at least, like go. Files that cannot be read become notes. At most 16 MiB a
 * file and 5000 files a directory are read.
 */
export async function loadTrust(options: TrustOptions): Promise<Trust> {
  const { env, platform = process.platform } = options;
  const notes: string[] = [];
  const found = new Map<string, string>();
  for (const pem of tls.rootCertificates) found.set(fingerprint(pem), pem);
  const texts = platform === 'linux' ? await readLinuxRoots(env, notes) : systemRoots(notes);
  const extra = env['NODE_EXTRA_CA_CERTS'] ?? '';
  if (extra !== '') texts.push(...(await readNamedFile('NODE_EXTRA_CA_CERTS', extra, notes)));
  for (const block of texts.flatMap((text) => text.match(PEM_BLOCK) ?? [])) {
    const key = fingerprint(block);
    if (!found.has(key) && isCertificate(block)) found.set(key, block);
  }
  return {
    secureContext: tls.createSecureContext({ ca: [...found.values()], minVersion: 'TLSv1.2' }),
    notes,
  };
}

function systemRoots(notes: string[]): string[] {
  try {
    return tls.getCACertificates('system');
  } catch (error) {
    notes.push(`the system's certificate store could not be read (${errorCode(error)})`);
    return [];
  }
}

/** crypto/x509/root_unix.go loadSystemRoots. */
async function readLinuxRoots(env: TrustOptions['env'], notes: string[]): Promise<string[]> {
  const named = env['SSL_CERT_FILE'] ?? '';
  const namedDirectories = env['SSL_CERT_DIR'] ?? '';
  const texts =
    named === '' ? await readFirst(CERT_FILES) : await readNamedFile('SSL_CERT_FILE', named, notes);
  const directories = namedDirectories === '' ? CERT_DIRECTORIES : namedDirectories.split(':');
  for (const directory of directories) {
    try {
      texts.push(...(await readDirectory(directory)));
    } catch (error) {
      if (namedDirectories === '') continue;
      notes.push(
        `SSL_CERT_DIR names ${JSON.stringify(directory)}, which cannot be read (${errorCode(error)})`,
      );
    }
  }
  return texts;
}

async function readFirst(files: readonly string[]): Promise<string[]> {
  for (const file of files) {
    try {
      return [await readBounded(file)];
    } catch {
      // The next one, as go does.
    }
  }
  return [];
}

async function readNamedFile(variable: string, file: string, notes: string[]): Promise<string[]> {
  try {
    const text = await readBounded(file);
    const certificates = (text.match(PEM_BLOCK) ?? []).filter(isCertificate);
    if (certificates.length === 0) {
      notes.push(`${variable} names ${JSON.stringify(file)}, which holds no certificate in PEM form`);
    }
    return certificates;
  } catch (error) {
    notes.push(`${variable} names ${JSON.stringify(file)}, which cannot be read (${errorCode(error)})`);
    return [];
  }
}

/** Every readable file; links to a name in the same directory (c_rehash) are left out, as go does. */
async function readDirectory(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const texts = await Promise.all(
    entries.slice(0, MAX_DIRECTORY_ENTRIES).map(async (entry) => {
      const file = path.join(directory, entry.name);
      try {
        if (entry.isSymbolicLink() && !(await readlink(file)).includes('/')) return '';
        return await readBounded(file);
      } catch {
        return '';
      }
    }),
  );
  return texts;
}

/** A pipe or a device would never end: regular files only. */
async function readBounded(file: string): Promise<string> {
  const found = await stat(file);
  if (!found.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'not a regular file' });
  if (found.size > MAX_FILE_BYTES) throw Object.assign(new Error('too large'), { code: 'more than 16 MiB' });
  return readFile(file, 'latin1');
}

/** AppendCertsFromPEM skips what is no certificate; OpenSSL would refuse the whole list. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function fingerprint(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\s/g, '');
}

function errorCode(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? 'unknown error');
}

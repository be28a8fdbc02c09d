import { type Certificates, makeCertificates } from './certificates.ts';
import { makeTempDir, type TempDir } from './temp.ts';

/** Certificates in a directory that lives as long as the test file. */
export interface CertificateSet {
  readonly directory: TempDir;
  readonly files: Certificates;
}

/** Makes certificates for one test file; the caller disposes of the directory. */
export async function makeCertificateSet(names: readonly string[] = []): Promise<CertificateSet> {
  const directory = await makeTempDir();
  return { directory, files: await makeCertificates(directory.path, { names }) };
}

import type { ModuleVersion } from '../go/version.ts';

/**
 * Modules that are public beyond doubt, so that asking a public proxy for them tells nothing; also everything below them.
 * First those with zips of a megabyte and more, which show a throughput. Repositories, not whole organisations: those have
 * private repositories too.
 */
export const PUBLIC_PREFIXES: readonly string[] = [
  'golang.org/x/text',
  'golang.org/x/tools',
  'k8s.io/api',
  'k8s.io/client-go',
  'github.com/klauspost/compress',
  'golang.org/x/sys',
  'golang.org/x/net',
  'golang.org/x/crypto',
  'google.golang.org/protobuf',
  'google.golang.org/grpc',
  'google.golang.org/api',
  'google.golang.org/genproto',
  'github.com/golang/protobuf',
  'k8s.io/apimachinery',
  'github.com/aws/aws-sdk-go-v2',
  'github.com/aws/aws-sdk-go',
  'cloud.google.com/go',
  'github.com/prometheus/client_golang',
  'go.opentelemetry.io/otel',
  'github.com/sirupsen/logrus',
  'github.com/stretchr/testify',
  'github.com/spf13/cobra',
  'github.com/spf13/viper',
  'github.com/spf13/pflag',
  'github.com/google/go-cmp',
  'github.com/google/uuid',
  'github.com/pkg/errors',
  'github.com/davecgh/go-spew',
  'go.uber.org/zap',
  'gopkg.in/yaml.v3',
  'golang.org/x',
];

/** A module whose hashes are built in. */
export interface PinnedModule {
  readonly module: ModuleVersion;
  readonly modHash: string;
  readonly zipHash: string;
}

/**
 * Asked when go.sum offers nothing that may be asked. In use by so many that every public proxy has them at hand; on two
 * hosts, so that a pattern for one leaves the other; the smaller zip first. Hashes as `go mod download -json` printed them with sum.golang.org's
 * agreement.
 */
export const PINNED_MODULES: readonly PinnedModule[] = [
  {
    module: { path: 'github.com/pkg/errors', version: 'v0.9.1' },
    modHash: 'h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0=',
    zipHash: 'h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=',
  },
  {
    module: { path: 'golang.org/x/text', version: 'v0.3.0' },
    modHash: 'h1:NqM8EUOU14njkJ3fqMW+pc6Ldnwhi/IjpwHt7yyuwOQ=',
    zipHash: 'h1:g61tztE5qeGQ89tm6NTjjM9VPIm088od1l6aSorWRWg=',
  },
];

/** Returns the place of a module path in {@link PUBLIC_PREFIXES}, counted from 0; undefined when it is in none. */
export function publicRank(modulePath: string): number | undefined {
  const rank = PUBLIC_PREFIXES.findIndex(
    (prefix) => modulePath === prefix || modulePath.startsWith(`${prefix}/`),
  );
  return rank < 0 ? undefined : rank;
}

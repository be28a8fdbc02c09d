/** What a rule of the go command speaks about; the stable `code` of a {@link GoRuleError}. */
export type GoRuleCode =
  | 'module-path'
  | 'version'
  | 'go-sum'
  | 'go-mod'
  | 'go-work'
  | 'goproxy'
  | 'gosumdb'
  | 'goprivate'
  | 'goflags'
  | 'duration'
  | 'zip'
  | 'go-env'
  | 'netrc'
  | 'project-file';

/**
 * Says that a text or file breaks a rule of the go command. The message is one sentence for a user; it may quote the
 * offending text, so it passes the report room before it is shown.
 */
export class GoRuleError extends Error {
  override readonly name = 'GoRuleError';
  readonly code: GoRuleCode;

  constructor(code: GoRuleCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The version of package.json, as User-Agent and report.json give it; a test compares the two. */
export const ACTION_VERSION = '0.1.0';

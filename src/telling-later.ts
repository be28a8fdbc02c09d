import { readJobStart } from './job-start.ts';
import { startFactsOf } from './later/start-facts.ts';
import type { LaterSearch } from './later-steps.ts';
import { annotate } from './report/annotations.ts';
import { renderFailedJob } from './report/failed-job.ts';
import type { SummaryMode } from './report/job-summary.ts';
import { withLaterSteps } from './report/later-merge.ts';
import { laterLine, laterLines } from './report/later-text.ts';
import { seal } from './report/report-json.ts';
import { notYetTold } from './report/told-causes.ts';
import type { Log } from './runner/log.ts';
import { publishAnnotations, publishSummary, readReport, rewriteReport } from './runner/outputs.ts';

/** Tells in the post step what the search of later steps found, but for what main has told already. */
export async function tellLaterSteps(
  search: LaterSearch,
  { told, jobSummary }: { readonly told: readonly string[]; readonly jobSummary: SummaryMode },
  log: Log,
): Promise<void> {
  const later = seal(search, log.redact);
  const line = laterLine(later);
  if (line !== undefined) log.info(`setup-goproxy: ${line}`);
  const lines = laterLines(later);
  if (lines.length > 0) log.section({ title: 'Later steps', lines });
  const news = notYetTold(later.findings, told);
  publishAnnotations(annotate(news), log);
  // Without news the summary of main says all.
  if (jobSummary !== 'never' && news.length > 0) await publishSummary(renderFailedJob(later), log);
}

/** Adds the search to a report of the job; the text of the file afterwards, undefined when it is none of ours. */
export async function addToReport(
  reportFile: string,
  search: LaterSearch,
  log: Log,
): Promise<string | undefined> {
  const text = await readReport(reportFile);
  if (text === undefined) return undefined;
  // A search that was not made adds nothing to one that found something.
  if (search.laterSteps.status === 'skipped' && startFactsOf(text)?.isSearched === true) return text;
  const merged = withLaterSteps(text, search, log.redact);
  if (merged === undefined) return text;
  await rewriteReport(reportFile, merged, log);
  return merged;
}

/** Leaves a search that found something in the report of the job's first use, so that no other step tells it again. */
export async function noteSearched(search: LaterSearch, ownReport: string, log: Log): Promise<void> {
  if (search.laterSteps.status !== 'found') return;
  const { reportFile } = await readJobStart();
  if (reportFile !== '' && reportFile !== ownReport) await addToReport(reportFile, search, log);
}

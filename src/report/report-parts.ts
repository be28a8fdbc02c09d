import type { Finding } from '../diagnosis/finding.ts';
import type { GoEnv } from '../go/go-env.ts';
import type { MergedGoprivate } from '../go/goprivate.ts';
import type { WantedSet } from '../go/wanted-set.ts';
import type { Presence } from '../modcache/presence.ts';
import type { RestoreOutcome } from '../modcache/restore-outcome.ts';
import type { PrefetchOutcome } from '../prefetch/prefetch-result.ts';
import type { SumdbDecision } from '../proxy/checksum-db.ts';
import type { Choice } from '../proxy/choose.ts';
import type { ExportDecision } from '../proxy/exports.ts';
import type { ProxyPlan } from '../proxy/proxy-plan.ts';
import type { UseDecision } from '../proxy/second-use.ts';
import type { LaterFacts, PhaseDuration, Report } from './report.ts';

/** All that a step found and decided. */
export interface ReportParts {
  readonly actionVersion: string;
  readonly step: Report['step'];
  readonly mode: Report['mode'];
  readonly startedAt: Date;
  readonly durations: readonly PhaseDuration[];
  readonly goEnv: GoEnv;
  readonly merged: MergedGoprivate;
  readonly wanted: WantedSet;
  readonly presence: Presence;
  readonly plan: ProxyPlan;
  readonly use: UseDecision;
  readonly choice?: Choice;
  readonly sumdb: SumdbDecision;
  readonly exports: ExportDecision;
  /** Absent where nobody thought of restoring. */
  readonly restore?: RestoreOutcome;
  /** Modules of the wanted set that were extracted before the step. */
  readonly extractedTrees?: number;
  /** Absent before the prefetch. */
  readonly prefetch?: PrefetchOutcome;
  /** Absent in the setup step: later steps are yet to come. */
  readonly laterSteps?: LaterFacts;
  /** Hosts that were contacted beside measuring and fetching. */
  readonly contacted?: readonly string[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

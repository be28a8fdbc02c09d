import type { BreakerPolicy } from './fetch-policy.ts';

/** Whether one proxy is asked: `open` rests until then; `half-open` waits for its one try. */
export type Breaker =
  | { readonly kind: 'closed'; readonly recent: readonly boolean[] }
  | { readonly kind: 'open'; readonly until: number; readonly restMs: number }
  | { readonly kind: 'half-open'; readonly restMs: number };

/** A breaker that has seen nothing. */
export const NEW_BREAKER: Breaker = { kind: 'closed', recent: [] };

/** Says whether the proxy is to be left alone while another one can be asked. */
export function isResting(breaker: Breaker, now: number): boolean {
  switch (breaker.kind) {
    case 'closed':
      return false;
    case 'open':
      return now < breaker.until;
    case 'half-open':
      return true;
    default: {
      const never: never = breaker;
      return never;
    }
  }
}

/** Returns the breaker once an attempt begins, and whether that attempt is the one try after a rest. */
export function beginAttempt(
  breaker: Breaker,
  now: number,
): { readonly breaker: Breaker; readonly trial: boolean } {
  if (breaker.kind !== 'open' || now < breaker.until) return { breaker, trial: false };
  return { breaker: { kind: 'half-open', restMs: breaker.restMs }, trial: true };
}

/** How an attempt ended for the breaker; `void`: it says nothing of the proxy. */
export type BreakerEvent = 'good' | 'failed' | 'void';

/** Returns the breaker after an attempt. Only the one try decides about a rest that is over, any success ends a rest. */
export function endAttempt(
  breaker: Breaker,
  attempt: { readonly event: BreakerEvent; readonly trial: boolean; readonly now: number },
  policy: BreakerPolicy,
): Breaker {
  const { event, trial, now } = attempt;
  if (event === 'good') return closedAfter(breaker, true, policy.window);
  if (breaker.kind === 'half-open' && trial) {
    // A try that was called off leaves the next one the chance.
    if (event === 'void') return { kind: 'open', until: now, restMs: breaker.restMs };
    const restMs = Math.min(policy.restCapMs, breaker.restMs * 2);
    return { kind: 'open', until: now + restMs, restMs };
  }
  if (event === 'void' || breaker.kind !== 'closed') return breaker;
  const next = closedAfter(breaker, false, policy.window);
  if (!trips(next.recent, policy)) return next;
  return { kind: 'open', until: now + policy.restMs, restMs: policy.restMs };
}

function closedAfter(
  breaker: Breaker,
  good: boolean,
  window: number,
): Extract<Breaker, { readonly kind: 'closed' }> {
  const recent = breaker.kind === 'closed' ? breaker.recent : [];
  return { kind: 'closed', recent: [...recent, good].slice(-window) };
}

function trips(recent: readonly boolean[], { inARow, failures }: BreakerPolicy): boolean {
  const row = recent.slice(-inARow);
  if (row.length === inARow && !row.includes(true)) return true;
  return recent.filter((good) => !good).length >= failures;
}

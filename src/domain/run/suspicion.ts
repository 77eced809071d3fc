/**
 * The rule for work during which processes end (decision 0120). A death may have any cause: a full machine, a deployment, an
 * impatient person. So work is only suspected after several deaths, and fails only after it has ended several processes that did
 * nothing else.
 */

/** Work is suspected after this many deaths of processes that held it. */
export const MAX_DEATHS = 3;
/** Deaths within this real time count once, in milliseconds: one cause may end several processes. */
const MIN_DEATH_GAP_MS = 1_000;
/**
 * The pauses before each attempt to do suspected work alone, in milliseconds of real time. Work that has ended a process after each of
 * them fails.
 */
export const SUSPECT_PAUSES_MS = [1_000, 10_000, 60_000, 600_000, 3_600_000] as const;
/** Suspected work fails after this many deaths of processes that did only this work. */
export const MAX_DEATHS_ALONE = SUSPECT_PAUSES_MS.length;

/** The deaths of processes that held a piece of work. */
interface DeathRecord {
  deaths: number;
  /** The later deaths of processes that did only this work. */
  deaths_alone: number;
  /** Real time of the last death that counted. */
  counted_at: number;
}

const isSuspected = ({ deaths }: DeathRecord): boolean => deaths >= MAX_DEATHS;

/** Returns the record after the death of a process that held the work, at a real time. */
export function recordDeath(
  before: DeathRecord | undefined,
  { at, wasAlone }: { at: number; wasAlone: boolean },
): DeathRecord {
  if (before === undefined) return { deaths: 1, deaths_alone: 0, counted_at: at };
  if (at - before.counted_at < MIN_DEATH_GAP_MS) return before;
  if (!isSuspected(before)) return { ...before, deaths: before.deaths + 1, counted_at: at };
  return wasAlone ? { ...before, deaths_alone: before.deaths_alone + 1, counted_at: at } : before;
}

/** Returns how long work is left alone after a death, in milliseconds of real time. Work that is to fail does not wait. */
export function getPause(record: DeathRecord): number {
  return isSuspected(record) ? (SUSPECT_PAUSES_MS[record.deaths_alone] ?? 0) : 0;
}

/** Returns whether suspected work fails instead of being tried again. */
export const hasFailedAlone = (deathsAlone: number | null): boolean => (deathsAlone ?? 0) >= MAX_DEATHS_ALONE;

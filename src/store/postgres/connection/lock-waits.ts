/** A number that no other lock of the store has, apart from hashes of names, where a collision costs only time. */
export const WAITS_LOCK = 0x77616974;

/**
 * Statement at the begin of a transaction that writes. Most stores never have a run that waits, and then no transaction builds
 * events. The shared lock keeps a first run from beginning to wait while a transaction relies on that.
 */
export const LOCK_WAITS_SHARED = `SELECT pg_advisory_xact_lock_shared(${WAITS_LOCK})`;

/** The real time at the start of a case. */
export const T0 = Date.parse("2025-06-04T10:00:00Z");

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

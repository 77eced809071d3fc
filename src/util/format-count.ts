/** Returns a number with separators: `12,400`. */
export const formatNumber = (number: number): string => number.toLocaleString("en-US");

/** Returns a number with its noun: `1 error`, `2 errors`. */
export const formatCount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * The clock of the time limits of templates, which must be the one that liquidjs itself uses. The build replaces
 * `global.performance` in both, because loading it takes 1 ms of a start.
 */
export const renderClock: { now(): number } = global.performance ?? Date;

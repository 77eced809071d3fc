// The runs that the simulation has to reproduce, and the questions that it answers.
import { COSTS, PROTOTYPE_COSTS } from "./costs.js";
import type { Setup } from "./simulate-skew.js";

interface MeasuredRun {
  name: string;
  setup: Setup;
  /** Recipient runs that were advanced per second. */
  runsPerSecond: number;
}

/** The simulated rate of a measured run may differ from the measured one by a quarter. */
export const MIN_RATIO = 0.75;
export const MAX_RATIO = 1.25;

/**
 * The share of two processors that other programs left while the prototype was measured. It is the only value that was chosen
 * so that the rates match.
 */
const PROTOTYPE_SPEED = 0.26;

const PROTOTYPE: Omit<Setup, "workersPerDatabase"> = {
  seed: 1,
  costs: PROTOTYPE_COSTS,
  durationMs: 1_000,
  arrivals: [],
  backlog: 20_000,
  recipients: 1_000,
  exponent: 0,
  databases: 1,
  databaseProcessors: 2,
  speed: PROTOTYPE_SPEED,
  isShared: true,
  concurrency: 2,
  hasClasses: false,
};

export const MEASURED_RUNS: readonly MeasuredRun[] = [
  { name: "prototype, 1 process", setup: { ...PROTOTYPE, workersPerDatabase: 1 }, runsPerSecond: 4_550 },
  { name: "prototype, 2 processes", setup: { ...PROTOTYPE, workersPerDatabase: 2 }, runsPerSecond: 6_190 },
  { name: "prototype, 4 processes", setup: { ...PROTOTYPE, workersPerDatabase: 4 }, runsPerSecond: 6_386 },
];

interface Scenario {
  group: string;
  name: string;
  setup: Setup;
}

const BASE: Omit<Setup, "arrivals"> = {
  seed: 1,
  costs: COSTS,
  durationMs: 10_000,
  recipients: 1_000_000,
  exponent: 0,
  databases: 1,
  databaseProcessors: 4,
  workersPerDatabase: 4,
  concurrency: 8,
};

/** Small triggers of 20 recipients at a rate of recipient runs per second. */
const arriveSteadily = (runsPerSecond: number) =>
  [{ class: "small", triggersPerSecond: runsPerSecond / 20, recipients: 20 }] as const;

const formatCount = (count: number): string => count.toLocaleString("en");

const SIZES = [
  { runsPerSecond: 10_000, databases: 1 },
  { runsPerSecond: 100_000, databases: 8 },
  { runsPerSecond: 1_000_000, databases: 64 },
];
const EXPONENTS = [0, 0.8, 1, 1.2];

function listGrowth(): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const { runsPerSecond, databases } of SIZES)
    for (const exponent of databases === 1 ? [0] : EXPONENTS)
      for (const placement of exponent === 0 ? (["hash"] as const) : (["hash", "load"] as const)) {
        const arrivals = arriveSteadily(runsPerSecond);
        const durationMs = databases > 8 ? 3_000 : 10_000;
        const name = `${formatCount(runsPerSecond)} recipient runs per second`;
        scenarios.push({
          group: "growth",
          name,
          setup: { ...BASE, arrivals, databases, exponent, placement, durationMs },
        });
      }
  return scenarios;
}

const BURST: Setup["arrivals"] = [
  ...arriveSteadily(2_000),
  { class: "large", triggersPerSecond: 40, recipients: 1_000, fromMs: 2_000, untilMs: 4_000 },
];
const BACKLOG: Setup = { ...BASE, arrivals: arriveSteadily(200), backlog: 1_000_000, durationMs: 20_000 };

export const SCENARIOS: readonly Scenario[] = [
  ...listGrowth(),
  { group: "fairness", name: "2,000/s with a burst of 40,000/s for 2 s", setup: { ...BASE, arrivals: BURST } },
  {
    group: "fairness",
    name: "A trigger of 1,000,000 and 10 small triggers per second",
    setup: { ...BASE, arrivals: arriveSteadily(200), broadcast: 1_000_000 },
  },
  { group: "fairness", name: "1,000,000 runs due at once and 10 small triggers per second", setup: BACKLOG },
  {
    group: "fairness",
    name: "The same, with one priority for all jobs",
    setup: { ...BACKLOG, hasClasses: false },
  },
  {
    group: "fairness",
    name: "Classes again, with 2 instead of 8 jobs at once per worker",
    setup: { ...BACKLOG, concurrency: 2 },
  },
  ...[1_000, 5_000].flatMap((batchWindowMs) =>
    [0, 1.2].map((exponent) => ({
      group: "batches",
      name: `10,000/s into batches of ${batchWindowMs / 1_000} s`,
      setup: { ...BASE, arrivals: arriveSteadily(10_000), batchWindowMs, exponent },
    })),
  ),
];

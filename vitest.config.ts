import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { listTestsWithoutStore } from "./test/helpers/list-tests-without-store.js";

/** The longest tests. They start first, so that none of them runs alone at the end. */
const LONGEST =
  /documentation-(guide|recipes)|review\/review\.|scenarios-of-samples|hostile-(text|payloads)|reliability\/(faults|fuzz|soak|crash|serve)|dev-hostile|page-access|cli\/help\.|postgres-contract|notify-kill|build\/(package|docker|trial-feature)|(large|slow)-template|render-limits|help-examples|built-command|odd-requests/;

/** Tests that mostly wait for a browser, another process, or a timer. */
const MOSTLY_WAITING =
  /test\/page\/|in-browser|notify-stream|\/dev(-exec)?\.test|realtime|run-shell|webhook|smtp|hostile-clients|official-cli|database-outages|postgres\/health/;

/**
 * Starts the longest tests, then distributes those that mostly wait over two thirds of the others, which use the idle processors.
 */
class SpreadWaiting extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId);
    const isWaiting = (file: TestSpecification): boolean => !isLong(file) && MOSTLY_WAITING.test(file.moduleId);
    const waiting = sorted.filter(isWaiting);
    const others = sorted.filter((file) => !isLong(file) && !isWaiting(file));
    const step = Math.max(1, Math.floor((others.length * 2) / 3 / Math.max(1, waiting.length)));
    return [
      ...sorted.filter(isLong),
      ...waiting.flatMap((file, index) => [file, ...others.slice(index * step, (index + 1) * step)]),
      ...others.slice(waiting.length * step),
    ];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // On another kind of store, tests that open no store would only repeat what they did before.
    exclude: [
      ...configDefaults.exclude,
      ...(process.env.KNOCK_TEST_STORE === "postgres" ? listTestsWithoutStore() : []),
    ],
    // Tests wait on conditions. These limits only end a test that hangs, even on a machine that is several times slower.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Test files keep no state in modules, so each worker can import a module only once, which saves half of the
    // suite's CPU time.
    isolate: false,
    // Many tests wait for a process or a browser, so more workers than processors fill the gaps: 283 s with five on two
    // processors, 290 s with six, 302 s with four.
    maxWorkers: availableParallelism() + 3,
    // Collecting garbage less often saves a few percent of the CPU time. A larger size would hide growth that tests limit.
    execArgv: ["--max-semi-space-size=32"],
    sequence: { sequencer: SpreadWaiting },
    globalSetup: ["test/helpers/build-once.ts"],
    // Later runs read transformed modules from a file, which saves a third of the CPU time of a run of a few files.
    experimental: { fsModuleCache: true },
  },
});

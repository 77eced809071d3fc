import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Starts with the tests that mostly wait (browsers, processes), so that no worker is left alone with them at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification): boolean => /\/test\/(page|cli)\//.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests wait on conditions. These limits only end a test that hangs, also on a machine that is busy with other work.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Test files keep no state in modules, so that a worker imports each module once (half of the suite's CPU time).
    isolate: false,
    // By default, vitest leaves one core unused. Many tests wait for a process or a browser: one worker more fills the gaps.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowFirst },
    globalSetup: ["test/helpers/build-once.ts"],
  },
});

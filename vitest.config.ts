import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    // Left to itself vitest keeps one core free: of two, a half.
    maxWorkers: availableParallelism(),
    globalSetup: ["test/helpers/build-once.ts"],
  },
});

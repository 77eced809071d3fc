import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const tests = (process.env.KNOCK_MUTATION_TESTS ?? "").split(" ");

export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: tests.map((name) => (name.includes("*") ? `${name}.test.ts` : `${name}/**/*.test.ts`)),
    exclude: ["**/*.property.test.ts"],
    isolate: false,
  },
});

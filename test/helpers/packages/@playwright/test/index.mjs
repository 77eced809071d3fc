// The part of Playwright's test runner that the recipes use, on the browser library that this project depends on.
import assert from "node:assert/strict";

/** Tests in order of their definition, as `{ title, run }`. */
export const tests = [];

export function test(title, run) {
  tests.push({ title, run });
}

export const defineConfig = (config) => config;

export function expect(subject) {
  return {
    toBeVisible: () => subject.waitFor({ state: "visible" }),
    toBe: (expected) => assert.equal(subject, expected),
  };
}

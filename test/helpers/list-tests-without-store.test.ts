import { expect, it } from "vitest";
import { listTestsWithoutStore } from "./list-tests-without-store.js";

it("lists tests that open no store of the test run, also through modules that they import", () => {
  const listed = listTestsWithoutStore();
  expect(listed).toEqual(expect.arrayContaining(["test/engine/liquid/liquid.test.ts", "test/util/ids.test.ts"]));
  for (const opensStore of ["test/engine/rules/wait.test.ts", "test/reliability/concurrency.test.ts"])
    expect(listed).not.toContain(opensStore);
});

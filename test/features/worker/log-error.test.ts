import { expect, it } from "vitest";
import { KnockError } from "../../../src/errors/knock-error.js";
import { describeError, toLogFields } from "../../../src/features/worker/log-error.js";

it("an entry about an error has its hint, in the text and as a field", () => {
  const error = new KnockError("store_unusable", "the role cannot prepare a partition", {
    hint: "Run it as the owner.",
  });
  expect(describeError(error)).toBe("the role cannot prepare a partition. Run it as the owner.");
  expect(toLogFields(error)).toEqual({ error: "the role cannot prepare a partition", hint: "Run it as the owner." });
  expect(describeError(new Error("no"))).toBe("no");
  expect(toLogFields(new Error("no"))).toEqual({ error: "no" });
});

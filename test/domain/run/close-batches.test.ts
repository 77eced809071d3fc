import { describe, expect, it } from "vitest";
import { batchesToClose } from "../../../src/domain/run/close-batches.js";

describe("batchesToClose", () => {
  it("EQ-43 closes the batch that a claimed run waits for", () => {
    expect([...batchesToClose([{ batch: 7 }, { batch: 8 }])]).toEqual([7, 8]);
  });

  it("EQ-43 closes a batch once", () => {
    expect([...batchesToClose([{ batch: 7 }, { batch: 7 }])]).toEqual([7]);
  });

  it("EQ-43 closes nothing for runs without a batch, and distinguishes row 0 from none", () => {
    expect([...batchesToClose([{ batch: null }, { batch: 0 }])]).toEqual([0]);
  });
});

import { describe, expect, it } from "vitest";
import { collectBatchesToClose } from "../../../src/domain/run/collect-batches-to-close.js";

describe("collectBatchesToClose", () => {
  it("EQ-43 closes the batch that a claimed run waits for", () => {
    expect([...collectBatchesToClose([{ batch: 7 }, { batch: 8 }])]).toEqual([7, 8]);
  });

  it("EQ-43 closes a batch only once", () => {
    expect([...collectBatchesToClose([{ batch: 7 }, { batch: 7 }])]).toEqual([7]);
  });

  it("EQ-43 closes nothing for runs without a batch, and distinguishes row 0 from null", () => {
    expect([...collectBatchesToClose([{ batch: null }, { batch: 0 }])]).toEqual([0]);
  });
});

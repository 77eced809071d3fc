import { describe, expect, it } from "vitest";
import { renderParts, renderWithinLimit } from "../../../src/engine/liquid/limit-rendering.js";
import { RenderError } from "../../../src/engine/liquid/liquid-errors.js";
import {
  SHORT_TIME_LIMIT,
  SHORTEST_LIMIT_MS,
  SHORTEST_TIME_LIMIT,
  useShortRenderLimit,
} from "../../helpers/short-render-limit.js";

function work(milliseconds: number): string {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
  return "done";
}

describe("renderings that never end", () => {
  useShortRenderLimit(SHORTEST_LIMIT_MS);

  it("ends a rendering in the middle of one call", () => {
    expect(() => renderWithinLimit(() => /^(a+)+$/u.test(`${"a".repeat(60)}!`))).toThrow(
      new RenderError(SHORTEST_TIME_LIMIT),
    );
  });

  it("renders nothing more after five parts have used up their time, so that a run blocks for seconds only", () => {
    let count = 0;
    const rendered = renderParts((renderPart) =>
      Array.from({ length: 50 }, () => {
        try {
          return renderPart(() => {
            count++;
            return work(Number.POSITIVE_INFINITY);
          });
        } catch (error) {
          return (error as Error).message;
        }
      }),
    );
    // The first part has used up its time within the limit of all.
    expect(count).toBeLessThanOrEqual(8);
    expect(rendered.slice(0, 2)).toEqual(Array(2).fill(SHORTEST_TIME_LIMIT));
    expect(rendered.slice(10)).toEqual(
      Array(40).fill("not rendered, because earlier renderings of the same run took too long together"),
    );
  });
});

describe("renderings that end in time", () => {
  useShortRenderLimit();

  it("ends only the part that takes too long alone", () => {
    const rendered = renderParts((renderPart) =>
      [0, Number.POSITIVE_INFINITY].map((milliseconds) => {
        try {
          return renderPart(() => work(milliseconds));
        } catch (error) {
          return (error as Error).message;
        }
      }),
    );
    expect(rendered).toEqual(["done", SHORT_TIME_LIMIT]);
  });

  it("renders parts alone that take too long together, so that each has the whole time", () => {
    const rendered = renderParts((renderPart) => [1, 2].map(() => renderPart(() => work(300))));
    expect(rendered).toEqual(["done", "done"]);
  });

  it("gives a rendering more time if the computer was busy with other work", () => {
    let calls = 0;
    const rendered = renderWithinLimit(() => {
      calls++;
      // Waits without CPU time, as in a process that the computer does not run.
      if (calls === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
      return calls;
    });
    expect(rendered).toBe(2);
  });
});

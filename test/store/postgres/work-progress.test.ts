import { describe, expect, it } from "vitest";
import { WorkProgress } from "../../../src/store/postgres/due-work/work-progress.js";

const SECOND = 1_000;

describe("the progress of a worker", () => {
  it("is missing while the lag grows and no job succeeds", () => {
    const progress = new WorkProgress(0);
    for (let second = 0; second <= 120; second += 5) {
      progress.noteLag(second, second * SECOND);
      const problem = progress.findProblem(second * SECOND);
      if (second < 70) expect(problem).toBeNull();
      else expect(problem).toBe(`work is due for ${second} s, and no job has succeeded for ${second - 10} s`);
    }
    progress.noteJob("advance", null, 121 * SECOND);
    expect(progress.findProblem(122 * SECOND)).toBeNull();
  });

  it("is there while other workers decrease the lag, and while nothing is due", () => {
    const progress = new WorkProgress(0);
    for (let second = 0; second < 600; second += 5) {
      progress.noteLag(1_000 - second, second * SECOND);
      expect(progress.findProblem(second * SECOND)).toBeNull();
    }
    for (let second = 600; second < 900; second += 5) progress.noteLag(0, second * SECOND);
    expect(progress.findProblem(900 * SECOND)).toBeNull();
  });

  it("is missing after a failed job, until a job of the same kind succeeds or time has passed", () => {
    const progress = new WorkProgress(0);
    progress.noteJob("advance", new Error("disk full"), SECOND);
    progress.noteJob("deliver", null, SECOND);
    expect(progress.findProblem(2 * SECOND)).toBe("the last advance job failed: disk full");
    progress.noteJob("advance", null, 3 * SECOND);
    expect(progress.findProblem(3 * SECOND)).toBeNull();
    progress.noteJob("deliver", new Error("no"), 4 * SECOND);
    expect(progress.findProblem(18 * SECOND)).not.toBeNull();
    expect(progress.findProblem(20 * SECOND)).toBeNull();
  });
});

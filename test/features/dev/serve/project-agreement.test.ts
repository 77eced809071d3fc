import { describe, expect, it } from "vitest";
import { ProjectAgreement } from "../../../../src/features/dev/serve/project-agreement.js";
import type { LiveProcess } from "../../../../src/ports/due-work.js";

const [OLD, NEW] = ["a".repeat(40), "b".repeat(40)];
let pid = 0;

const server = (project: string | null, started_at = 1): LiveProcess => ({
  kind: "server",
  host: "api",
  pid: ++pid,
  project,
  started_at,
});
const worker = (project: string): LiveProcess => ({ ...server(project), kind: "worker" });

/** Returns which of the projects' servers are ready after the grace time. */
function listReady(processes: readonly LiveProcess[]): string[] {
  return [OLD, NEW].filter((project) => new ProjectAgreement(0).check(project, processes).problem === null);
}

describe("the readiness of servers with different projects", () => {
  it("depends on the project of most servers", () => {
    expect(listReady([server(OLD), server(OLD), server(NEW, 9)])).toEqual([OLD]);
    expect(listReady([server(OLD), server(NEW, 9), server(NEW, 9)])).toEqual([NEW]);
  });

  it("prefers the project that started last if as many servers run each", () => {
    expect(listReady([server(OLD), server(NEW, 9)])).toEqual([NEW]);
    // A restarted server does not make its project a new one while others run it.
    expect(listReady([server(OLD), server(OLD, 20), server(NEW, 9), server(NEW, 9)])).toEqual([NEW]);
  });

  it("does not depend on workers and on older versions of knock, but names the workers", () => {
    const processes = [server(OLD), server(null), worker(NEW), worker(NEW)];
    const { problem, difference } = new ProjectAgreement(0).check(OLD, processes);
    expect(problem).toBeNull();
    expect(difference).toContain("bbbbbbbbbbbb (worker");
    expect(new ProjectAgreement(0).check(OLD, [server(OLD), server(null)]).difference).toBeNull();
  });

  it("ends after the grace time, which starts again when the projects were equal", () => {
    let now = 0;
    const agreement = new ProjectAgreement(1_000, () => now);
    const differing = [server(OLD), server(NEW, 9)];
    const isReadyAt = (time: number, processes = differing): boolean => {
      now = time;
      return agreement.check(OLD, processes).problem === null;
    };
    expect([isReadyAt(0), isReadyAt(999), isReadyAt(1_000)]).toEqual([true, true, false]);
    expect([isReadyAt(1_500, [server(OLD)]), isReadyAt(1_600), isReadyAt(2_600)]).toEqual([true, true, false]);
  });
});

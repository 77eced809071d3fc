import { describe, expect, it } from "vitest";
import { ChannelLimits, planDeliveries } from "../../../src/store/postgres/due-work/channel-limits.js";
import { isHostCrowded, planPools } from "../../../src/store/postgres/due-work/job-pools.js";
import { buildJobs, getPriority, toFlags } from "../../../src/store/postgres/due-work/jobs.js";
import { getShard } from "../../../src/store/postgres/run/shard.js";

const NOW = 1_000_000_000_000;

describe("the jobs of wakeups", () => {
  it("look at the runs of every recipient if the wakeup names no shard", () => {
    const [job] = buildJobs([{ kind: "runs", dueAt: 0 }], 10);
    const { from = 0, to = 0 } = job?.payload.shards ?? {};
    const shards = Array.from({ length: 5_000 }, (_, index) => getShard(`$users/user-${index}`));
    expect(shards.filter((shard) => shard < from || shard > to)).toEqual([]);
    // A database past the first one would take them by their last eight bits.
    expect(new Set(shards.map((shard) => shard & 255)).size).toBe(256);
  });

  it("name the rows that fall due together, at their exact time", () => {
    const jobs = buildJobs([{ kind: "runs", dueAt: NOW + 90_001, rows: { from: 1, to: 400 }, size: 400 }], NOW);
    expect(jobs).toEqual([
      {
        task: "advance",
        payload: { rows: { from: 1, to: 400 } },
        size: "large",
        runAt: NOW + 90_001,
        key: "advance:1-400",
      },
    ]);
  });

  it("share the slots of runs that fall due alone: a tenth of a second in the next minute, then a second", () => {
    const dueTimes = [NOW + 1_001, NOW + 1_099, NOW + 1_101, NOW + 70_001, NOW + 70_999];
    const jobs = buildJobs(
      dueTimes.map((dueAt, shard) => ({ kind: "runs", dueAt, shard })),
      NOW,
    );
    expect(jobs.map(({ task, payload, runAt }) => [task, payload.shards, runAt])).toEqual([
      ["wake", { from: 0, to: 15 }, NOW + 1_100],
      ["wake", { from: 0, to: 15 }, NOW + 1_200],
      ["wake", { from: 0, to: 15 }, NOW + 71_000],
    ]);
  });

  it("have no key if they are due now, so that transactions do not wait for each other", () => {
    const jobs = buildJobs(
      [
        { kind: "messages", dueAt: NOW, channel: "mail" },
        { kind: "messages", dueAt: NOW - 5, channel: "mail" },
        { kind: "fan_outs", dueAt: NOW, workflowRunRow: 7 },
      ],
      NOW,
    );
    expect(jobs.map(({ task, key, runAt }) => [task, key, runAt])).toEqual([
      ["deliver", null, null],
      ["fan_out", "fan_out:7", null],
    ]);
  });

  it("of small triggers run first, and carry the flags with which workers leave them to others", () => {
    const rows = { from: 1, to: 2 };
    const [small, large] = [50, 51].map((size) => buildJobs([{ kind: "runs", dueAt: NOW, rows, size }], NOW)[0]);
    if (small === undefined || large === undefined) throw new Error("a wakeup has no job");
    expect(getPriority(small)).toBeLessThan(getPriority(large));
    expect([toFlags(small), toFlags(large)]).toEqual([["size:small"], ["size:large", "large-advance"]]);
    const [delivery] = buildJobs([{ kind: "messages", dueAt: NOW, channel: "mail", size: 400 }], NOW);
    expect(delivery && toFlags(delivery)).toEqual(["size:large", "delivery", "channel:mail"]);
  });
});

describe("the concurrency of a worker", () => {
  it.each([
    [1, [[1, []]]],
    [3, [[3, []]]],
    [
      4,
      [
        [2, ["large-advance"]],
        [1, ["size:large", "delivery"]],
        [1, ["size:small", "delivery"]],
      ],
    ],
    [
      16,
      [
        [12, ["large-advance"]],
        [2, ["size:large", "delivery"]],
        [1, ["size:small", "delivery"]],
        [1, ["size:small", "delivery"]],
      ],
    ],
  ])("of %i jobs has a share for each size", (concurrency, plans) => {
    expect(planPools(concurrency).map(({ concurrency: share, skippedFlags }) => [share, skippedFlags])).toEqual(plans);
  });

  it.each([
    { workers: 1, processors: 1, isCrowded: false },
    { workers: 2, processors: 1, isCrowded: true },
    { workers: 2, processors: 2, isCrowded: false },
    { workers: 3, processors: 2, isCrowded: true },
    { workers: 16, processors: 16, isCrowded: false },
  ])("is lower on a crowded host: $workers workers on $processors processors", (one) => {
    expect(isHostCrowded(one.workers, one.processors)).toBe(one.isCrowded);
  });

  it("is limited for each channel, and a channel with failures rests", () => {
    let now = 0;
    const limits = new ChannelLimits({ perChannel: 2, shared: 8 }, () => now);
    const result = (deliveries: number, failedDeliveries: number) => ({
      runs: {},
      refused: 0,
      deliveries,
      failedDeliveries,
    });
    expect(limits.tryBegin("mail")).toBe(true);
    expect(limits.getSkippedFlags()).toEqual([]);
    expect(limits.tryBegin("mail")).toBe(true);
    expect(limits.getSkippedFlags()).toEqual(["channel:mail"]);
    limits.end("mail", result(5, 5));
    expect(limits.getSkippedFlags()).toEqual([]);
    limits.end("mail", result(5, 5));
    expect([limits.getSkippedFlags(), limits.listResting()]).toEqual([["channel:mail"], ["mail"]]);
    now = 30_000;
    expect(limits.tryBegin("mail")).toBe(true);
    limits.end("mail", result(9, 9));
    expect(limits.tryBegin("mail")).toBe(false);
    now = 60_000;
    expect(limits.tryBegin("mail")).toBe(true);
    limits.end("mail", result(5, 4));
    expect(limits.listResting()).toEqual([]);
  });

  it("is shared by channels, so that one without a job finds one", () => {
    expect([1, 2, 4, 8, 10].map((concurrency) => planDeliveries(concurrency))).toEqual([
      { perChannel: 1, shared: 1 },
      { perChannel: 1, shared: 1 },
      { perChannel: 2, shared: 1 },
      { perChannel: 4, shared: 3 },
      { perChannel: 5, shared: 5 },
    ]);
    const limits = new ChannelLimits(planDeliveries(10));
    const begin = (channel: string, count: number): void => {
      for (let job = 0; job < count; job++) expect(limits.tryBegin(channel)).toBe(true);
    };
    begin("mail", 3);
    begin("text", 1);
    expect(limits.getSkippedFlags()).toEqual([]);
    begin("text", 1);
    expect(limits.getSkippedFlags()).toEqual(["channel:mail", "channel:text"]);
    expect(limits.tryBegin("mail")).toBe(false);
    begin("push", 1);
    expect(limits.getSkippedFlags()).toEqual(["channel:mail", "channel:text", "channel:push"]);
    limits.end("push", null);
    limits.end("mail", null);
    expect(limits.getSkippedFlags()).toEqual([]);
  });

  it("is one job for a channel after its rest until a delivery succeeds, and for a channel with a rate limit", () => {
    let now = 0;
    const limits = new ChannelLimits({ perChannel: 2, shared: 8 }, () => now);
    const finish = (channel: string, failedDeliveries: number, isRateLimited = false) => {
      expect(limits.tryBegin(channel)).toBe(true);
      limits.end(channel, { runs: {}, refused: 0, deliveries: 10, failedDeliveries, isRateLimited });
    };
    const isFull = (channel: string) => {
      expect(limits.tryBegin(channel)).toBe(true);
      const isSkipped = limits.getSkippedFlags().includes(`channel:${channel}`);
      limits.end(channel, null);
      return isSkipped;
    };
    finish("mail", 10);
    expect(limits.listResting()).toEqual(["mail"]);
    now = 30_000;
    expect([limits.listResting(), isFull("mail")]).toEqual([[], true]);
    finish("mail", 10);
    expect(limits.listResting()).toEqual(["mail"]);
    now = 60_000;
    finish("mail", 9);
    expect([limits.listResting(), isFull("mail")]).toEqual([[], false]);
    finish("text", 0, true);
    expect(isFull("text")).toBe(true);
    finish("text", 0);
    expect(isFull("text")).toBe(false);
  });
});

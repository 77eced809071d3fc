import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import Knock from "@knocklabs/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { listenToFeed } from "../helpers/browser-client.js";
import { eventually } from "../helpers/eventually.js";
import { createDatabase, describeOnPostgres } from "../helpers/postgres-server.js";
import type { Sample } from "../helpers/run-knock.js";
import { getLongRuns, isLongRun, reportFigures } from "./long-runs.js";
import { writeCatalogueProject } from "./serve/catalogue-project.js";
import { Totals } from "./serve/cluster-api.js";
import { DEV_ONLY_CASES, DEV_ONLY_PARTS } from "./serve/dev-only.js";
import { CaseRunner, CLUSTER_CASES } from "./serve/run-cases.js";
import { ServeCluster } from "./serve/serve-cluster.js";
import { StoreReader } from "./serve/store-reader.js";

/** An instance or a worker is killed in turn, as soon as the successor of the one before is ready, or some time later. */
const KILLS = getLongRuns("faults", 60, 6);
const PAUSE_MS = getLongRuns("faults", 2_000, 0);
const CLIENTS = 3;
/** The suites run until so many processes were killed, at least once. */
const SUITE_KILLS = getLongRuns("faults", 100, 4);
const SUITE_PAUSE_MS = 2_000;
const CASES_AT_ONCE = 6;
const WATCHERS = ["watcher-1", "watcher-2", "watcher-3"];
const OBJECT = "projects";

function writeProject(sample: Sample): void {
  writeCatalogueProject(sample, { "in-app-feed": { type: "in_app_feed" } });
  const feed = {
    ref: "feed_1",
    type: "channel",
    channel_key: "in-app-feed",
    channel_type: "in_app_feed",
    template: { markdown_body: "Hi {{ n }}" },
  };
  const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 3 } } };
  sample.write("knock/workflows/now/workflow.json", { name: "Now", steps: [feed] });
  sample.write("knock/workflows/later/workflow.json", { name: "Later", steps: [delay, feed] });
}

/** Triggers with the official SDK, and knows the messages that must follow from what was accepted. */
class Triggers {
  readonly expected: string[] = [];
  private readonly runs = new Set<string>();
  private sent = 0;

  constructor(readonly knock: Knock) {}

  async send(workflow: string, params: Knock.WorkflowTriggerParams, users: string[]): Promise<void> {
    const n = this.sent++;
    const { workflow_run_id } = await this.knock.workflows.trigger(workflow, { ...params, data: { n } });
    expect(this.runs).not.toContain(workflow_run_id);
    this.runs.add(workflow_run_id);
    this.expected.push(...users.map((user) => `${n} ${user}`));
  }
}

/** Calls the groups of the SDK's methods for users and an object that no other round has. */
async function runRound(triggers: Triggers, round: string): Promise<void> {
  const { knock } = triggers;
  const [ada, bob, eve] = ["ada", "bob", "eve"].map((name) => `${name}-${round}`) as [string, string, string];
  await knock.users.update(ada, { name: "Ada", plan: "pro" });
  await knock.users.update(bob, { name: "Bob" });
  await knock.users.update(eve, { name: "Eve", color: "red" });
  expect(await knock.users.get(ada)).toMatchObject({ id: ada, name: "Ada", plan: "pro" });
  await knock.users.setPreferences(bob, "default", { channel_types: { in_app_feed: false } });
  expect(await knock.users.getPreferences(bob, "default")).toMatchObject({ channel_types: { in_app_feed: false } });

  await knock.objects.set(OBJECT, round, { name: "Kestrel" });
  await knock.objects.addSubscriptions(OBJECT, round, { recipients: [ada, eve] });
  const { entries } = await knock.objects.listSubscriptions(OBJECT, round);
  expect(entries.map(({ recipient }) => recipient.id).sort()).toEqual([ada, eve]);

  const object = { collection: OBJECT, id: round };
  await triggers.send("now", { recipients: [ada, bob, object] }, [ada, eve, round]);
  await triggers.send("later", { recipients: [ada, eve], cancellation_key: round }, [ada]);
  await knock.workflows.cancel("later", { cancellation_key: round, recipients: [eve] });

  const message = await eventually(async () => (await knock.users.listMessages(ada, { source: "now" })).items[0]);
  expect(await knock.messages.markAsRead(message.id)).toMatchObject({ engagement_statuses: ["read"] });
  expect(await knock.messages.getContent(message.id)).toMatchObject({ __typename: "MessageContent" });
  const feed = await knock.users.feeds.listItems(ada, "in-app-feed", { status: "read" });
  expect(feed.entries.map(({ id }) => id)).toEqual([message.id]);

  const [schedule] = await knock.schedules.create({
    workflow: "now",
    recipients: [bob],
    scheduled_at: "2100-01-01T00:00:00Z",
  });
  expect((await knock.users.listSchedules(bob)).entries.map(({ id }) => id)).toContain(schedule?.id);
}

/** Starts a bulk operation, and asks for it whichever instance answers. Its limit is one per second, so only one client does this. */
async function runBulk(knock: Knock, round: string): Promise<void> {
  const bulk = await knock.users.bulk.identify({ users: [{ id: `bulk-${round}`, name: "Bulk" }] });
  expect(bulk.progress_path).toBe(`${knock.baseURL}/v1/bulk_operations/${bulk.id}`);
  await eventually(async () => (await knock.bulkOperations.get(bulk.id)).status === "completed");
  expect(await knock.users.get(`bulk-${round}`)).toMatchObject({ name: "Bulk" });
}

describeOnPostgres("two instances of knock serve and two workers", () => {
  let cluster: ServeCluster;
  const figures: Record<string, number> = {};

  beforeAll(async () => {
    cluster = await ServeCluster.start(await createDatabase(), writeProject);
  });
  afterAll(async () => {
    reportFigures("faults", figures, "serve");
    await cluster?.stop();
  });

  it("remind a client whose socket is open at one of them of what it has read at the other (RQ-12)", async () => {
    const [atSocket = "", atFeed = ""] = cluster.urls;
    const knock = new Knock({ apiKey: cluster.keys.secret, baseURL: atFeed });
    await knock.users.update("reader", {});
    const query = new URLSearchParams({
      api_key: cluster.keys.public,
      user_token: cluster.signUser("reader"),
      vsn: "2.0.0",
    });
    const socket = new WebSocket(`${atSocket.replace("http", "ws")}/ws/v1/websocket?${query}`);
    const events: string[] = [];
    socket.on("message", (data) => events.push((JSON.parse(String(data)) as string[])[3] as string));
    await once(socket, "open");
    socket.send(JSON.stringify(["1", "1", "feeds:in-app-feed:reader", "phx_join", {}]));
    await eventually(() => events.includes("phx_reply"));
    const countEvents = () => events.filter((event) => event === "new-message").length;
    await knock.workflows.trigger("now", { recipients: ["reader"], data: { n: 1 } });
    await knock.workflows.trigger("now", { recipients: ["reader"], data: { n: 2 } });
    const page = await eventually(async () => {
      const { entries, page_info } = await knock.users.feeds.listItems("reader", "in-app-feed", { page_size: 1 });
      return page_info.after && entries.length === 1 && countEvents() > 0 ? page_info : null;
    });
    // It ignores the newest item, and reads no further.
    await knock.users.feeds.listItems("reader", "in-app-feed", { page_size: 1, after: page.after as string });
    const before = countEvents();
    await eventually(() => countEvents() > before + 1);
    socket.terminate();
  });

  it("lose and double nothing for the official SDKs while they are killed in turn", { timeout: 900_000 }, async () => {
    const { url } = cluster.balancer;
    const knock = new Knock({ apiKey: cluster.keys.secret, baseURL: url, maxRetries: 20 });
    const triggers = new Triggers(knock);
    const token = cluster.signUser("watcher");
    const watcher = listenToFeed(url, "watcher", "in-app-feed", { key: cluster.keys.public, token });
    try {
      await knock.users.update("watcher", { name: "Watcher" });
      const state = { isKilling: true, rounds: 0 };
      const clients = Array.from({ length: CLIENTS }, async (_, client) => {
        for (let round = 0; state.isKilling || round === 0; round++) {
          await runRound(triggers, `${client}-${round}`);
          if (client === 0) await runBulk(knock, String(round));
          await triggers.send("now", { recipients: ["watcher"] }, ["watcher"]);
          state.rounds++;
        }
      });
      const kills = (async () => {
        for (let kill = 0; kill < KILLS; kill++) {
          await cluster.kill(kill % 2 === 0 ? "serve" : "worker");
          watcher.goOnline();
          await sleep(PAUSE_MS);
        }
        state.isKilling = false;
      })();
      await Promise.all([...clients, kills]);

      const readMessages = async (): Promise<string[]> => {
        const found: string[] = [];
        for await (const { recipient, data } of knock.messages.list({ page_size: 50 }))
          if (recipient !== "reader")
            found.push(`${(data as { n: number }).n} ${typeof recipient === "string" ? recipient : recipient.id}`);
        return found.sort();
      };
      const expected = triggers.expected.sort();
      await eventually(async () => (await readMessages()).length >= expected.length);
      expect(await readMessages()).toEqual(expected);
      expect(cluster.errors).toBe("");

      // The socket is open again, on whichever instance it is now.
      const seen = watcher.received.length;
      await eventually(async () => {
        await knock.workflows.trigger("now", { recipients: ["watcher"] });
        return watcher.received.length > seen;
      });
      Object.assign(figures, { kills: cluster.kills, rounds: state.rounds, messages: expected.length });
    } finally {
      watcher.close();
    }
  });

  it("pass the cases of the official clients while they are killed in turn", { timeout: 1_800_000 }, async () => {
    const startedAt = Date.now();
    const killsBefore = cluster.kills;
    const store = await StoreReader.open(cluster.store);
    const totals = new Totals();
    const runner = new CaseRunner(cluster, store, totals);
    const knock = new Knock({ apiKey: cluster.keys.secret, baseURL: cluster.balancer.url, maxRetries: 20 });
    const watchers = WATCHERS.map((user) =>
      listenToFeed(cluster.balancer.url, user, "feed", { key: cluster.keys.public, token: cluster.signUser(user) }),
    );
    const goOnline = (): void => {
      for (const watcher of watchers) watcher.goOnline();
    };
    try {
      await Promise.all(WATCHERS.map((user) => knock.users.update(user, {})));
      const state = { isKilling: true, passes: 0, announced: 0 };
      const announce = async (): Promise<void> => {
        const { workflow_run_id } = await knock.workflows.trigger("hello", { recipients: WATCHERS });
        totals.triggers.add(workflow_run_id);
        state.announced++;
      };
      const suites = (async () => {
        while (state.isKilling || state.passes === 0) {
          await announce();
          await runner.runAll(CASES_AT_ONCE);
          state.passes++;
        }
      })();
      const kills = (async () => {
        for (let kill = 0; kill < SUITE_KILLS; kill++) {
          await sleep(SUITE_PAUSE_MS);
          await cluster.kill(kill % 2 === 0 ? "serve" : "worker");
          goOnline();
        }
        state.isKilling = false;
      })();
      await Promise.all([suites, kills]);
      goOnline(); // cases also restart servers
      await announce();

      expect(runner.failures).toEqual([]);
      // Every reason still applies to a case.
      const reasons = Object.keys({ ...DEV_ONLY_PARTS, ...DEV_ONLY_CASES });
      if (isLongRun("faults")) expect([...runner.devOnly.keys()].sort()).toEqual(reasons.sort());
      const devOnly = [...runner.devOnly.values()].reduce((sum, titles) => sum + titles.size, 0);
      for (const id of totals.bulkOperations)
        expect(await knock.bulkOperations.get(id)).toMatchObject({ status: "completed" });
      await store.untilSettled([...totals.triggers]);
      const faults = await store.countFaults([...totals.triggers], startedAt);
      expect(faults).toEqual({ lost: 0, doubled: 0 });
      // Each socket is open again, and no message is missing or repeated.
      for (const { received } of watchers) await eventually(() => received.length >= state.announced);
      for (const { received } of watchers) expect(new Set(received).size).toBe(received.length);
      expect(watchers.map(({ received }) => received.length)).toEqual(WATCHERS.map(() => state.announced));
      expect(cluster.errors).toBe("");
      Object.assign(figures, {
        suite_kills: cluster.kills - killsBefore,
        passes: state.passes,
        cases: CLUSTER_CASES.length - devOnly,
        cases_only_for_dev: devOnly,
        cases_passed: runner.passed,
        cases_repeated_after_cut: runner.repeated.length,
        requests: totals.requests,
        requests_cut: totals.cut,
        triggers: totals.triggers.size,
        bulk_operations: totals.bulkOperations.size,
        ...faults,
        sockets_reopened: watchers.reduce((sum, { opened }) => sum + opened() - 1, 0),
      });
    } finally {
      process.stderr.write(
        `${[...runner.repeated, ...runner.failures].map((text) => `${text.slice(0, 1500)}\n`).join("")}`,
      );
      for (const watcher of watchers) watcher.close();
      await store.close();
    }
  });
});

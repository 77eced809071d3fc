import { rmSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest } from "../helpers/run-knock.js";

const RUN = "0b6e3b8c-5d0f-4c27-9c0e-4d1a2b3c4d5e";

describe.concurrent("unknown names in the filters of a list", () => {
  it.for<[args: string[], error: string]>([
    [
      ["runs", "list", "--workflow", "new-coment"],
      '--workflow: there is no workflow "new-coment"\nhint: Did you mean "new-comment"?',
    ],
    [
      ["messages", "list", "--workflow", "nosuch"],
      '--workflow: there is no workflow "nosuch"\nhint: Workflows: invite, new-comment, ',
    ],
    [
      ["schedules", "list", "--workflow", "new-coment"],
      '--workflow: there is no workflow "new-coment"\nhint: Did you mean',
    ],
    [
      ["messages", "list", "--channel", "sendgird"],
      '--channel: there is no channel "sendgird"\nhint: Did you mean "sendgrid"?',
    ],
    [
      ["messages", "list", "--channel", "email"],
      '--channel: there is no channel "email"\nhint: Did you mean "sendgrid"?',
    ],
    [
      ["messages", "list", "--channel", "in_app_feed"],
      '--channel: there is no channel "in_app_feed"\nhint: Did you mean "in-app-feed"?',
    ],
    [
      ["messages", "list", "--channel", "in-app"],
      '--channel: there is no channel "in-app"\nhint: Did you mean "in-app-feed"?',
    ],
    [
      ["messages", "list", "--channel", RUN],
      `--channel: there is no channel "${RUN}"\nhint: Channels: fcm, in-app-feed,`,
    ],
    [["feed", "list", "ada", "--channel", "in-app-fed"], '"in-app-fed"'],
    [
      ["runs", "list", "--workflow-run", RUN],
      `--workflow-run: there is no workflow run "${RUN}"\nhint: Run \`knock runs list`,
    ],
    [["messages", "list", "--tenant", "acmee"], '--tenant: there is no tenant "acmee"\nhint: Did you mean "acme"?'],
    [["schedules", "list", "--tenant", "acmee"], '--tenant: there is no tenant "acmee"\nhint: Did you mean "acme"?'],
    [["runs", "list", "--tenant", "x"], '--tenant: there is no tenant "x"\nhint: '],
    [["runs", "list", "--recipient", "adda"], 'user "adda" was never identified\nhint: Did you mean "ada"?'],
    [
      ["messages", "list", "--recipient", "projects/p9"],
      'object "projects/p9" was never identified\nhint: Did you mean',
    ],
    [["schedules", "list", "--recipient", "adda"], 'user "adda" was never identified'],
    [["subscriptions", "list", "--recipient", "adda"], 'user "adda" was never identified'],
    [["feed", "list", "ada", "--tenant", "acmee"], '--tenant: there is no tenant "acmee"\nhint: Did you mean "acme"?'],
    [["feed", "list", "adda"], 'user "adda" was never identified\nhint: Did you mean "ada"?'],
    [["preferences", "list", "adda"], 'user "adda" was never identified\nhint: Did you mean "ada"?'],
    [["preferences", "get", "projects/p9"], 'object "projects/p9" was never identified\nhint: Did you mean'],
    [["preferences", "delete", "adda"], 'user "adda" was never identified\nhint: Did you mean "ada"?'],
    [["objects", "list", "project"], 'the collection "project" has no objects\nhint: Did you mean "projects"?'],
    [["objects", "list", "nosuch"], 'the collection "nosuch" has no objects\nhint: Collections: projects'],
  ])("exit 5 for %j and suggest the nearest one", async ([args, error], { collab }) => {
    const { stdout, stderr, exitCode } = await collab.knock(args);
    expect(stderr).toContain(error);
    expect([exitCode, stdout]).toEqual([5, ""]);
  });

  it("exit 5 for the tenant of a feed, which also has items without a tenant", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"]);
    const known = await collab.knock(["feed", "list", "ada", "--tenant", "acme", "--quiet"]);
    expect([known.exitCode, known.stdout]).toEqual([0, expect.stringMatching(/\w/)]);
    const { stdout, stderr, exitCode } = await collab.knock(["feed", "list", "ada", "--tenant", "acmee"]);
    expect(stderr).toContain('--tenant: there is no tenant "acmee"\nhint: Did you mean "acme"?');
    expect([exitCode, stdout]).toEqual([5, ""]);
  });

  it("are distinguished from known names without matches", async ({ collab }) => {
    for (const args of [
      ["messages", "list", "--channel", "sendgrid"],
      ["messages", "list", "--workflow", "history-launch"],
      ["runs", "list", "--workflow", "new-comment", "--recipient", "ada", "--tenant", "acme"],
      ["schedules", "list", "--workflow", "new-comment"],
      ["feed", "list", "ada", "--channel", "in-app-feed"],
    ]) {
      const { stderr, exitCode } = await collab.knock(args);
      expect([args, exitCode, stderr]).toEqual([args, 0, ""]);
    }
  });

  it("do not include names that the store knows from earlier runs", async ({ collab }) => {
    await collab.knock(["notify", "invite", "-r", "lin"]);
    rmSync(collab.path("knock/workflows/invite"), { recursive: true });
    const gone = ["--workflow", "invite"];
    for (const command of [
      ["runs", "list"],
      ["messages", "list"],
    ])
      expect((await collab.knock([...command, ...gone, "--quiet"])).stdout).not.toBe("");
    const none = await collab.knock(["messages", "list", ...gone, "--status", "bounced"]);
    expect([none.exitCode, none.stdout]).toEqual([0, "no messages"]);
  });

  cliTest("cause a note for the remote target, which may contain more than the project", async ({ collab }) => {
    const { stderr, exitCode, stdout } = await collab.knock(
      ["dev", "--port", "0", "--store", ":memory:", "--exec", "knock messages list --remote --workflow new-coment"],
      { env: { KNOCK_API_KEY: "sk_test_0123456789" } },
    );
    expect([exitCode, stdout]).toEqual([0, "no messages"]);
    expect(stderr).toContain('there is no workflow "new-coment". Did you mean "new-comment"?');
  });

  it("include sources, but a source key without a file is valid if events of it exist", async ({ collab }) => {
    const misspelled = await collab.knock(["sources", "events", "biling"]);
    expect(misspelled.exitCode).toBe(5);
    expect(misspelled.stderr).toContain('there is no source "biling"\nhint: Did you mean "billing"?');
    await collab.knock(["sources", "send", "billing", "--data", '{"type":"plan.changed","user_id":"ada","plan":"a"}']);
    rmSync(collab.path("knock/sources/billing"), { recursive: true });
    expect((await collab.knock(["sources", "events", "billing", "--quiet"])).stdout).not.toBe("");
  });
});

describe.concurrent("paging", () => {
  it("sources events continues after and before a cursor", async ({ collab }) => {
    for (const plan of ["a", "b", "c"])
      await collab.knock([
        "sources",
        "send",
        "billing",
        "--data",
        JSON.stringify({ type: "plan.changed", user_id: "ada", plan }),
      ]);
    const list = async (...args: string[]) =>
      (await collab.knock(["sources", "events", "--json", ...args])).json as {
        items: { id: string }[];
        page_info: { after: string; before: string | null; page_size: number };
      };
    const all = await list();
    expect(all.items).toHaveLength(3);
    const first = await list("--limit", "2");
    expect(first.page_info).toMatchObject({ before: null, page_size: 2 });
    const second = await list("billing", "--limit", "2", "--after", first.page_info.after);
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect((await list("--limit", "2", "--before", String(second.page_info.before))).items).toEqual(first.items);
    const human = await collab.knock(["sources", "events", "--limit", "1"]);
    expect(human.stderr).toMatch(/^more: --after \S+$/);
    expect((await collab.knock(["sources", "events", "--limit", "51"])).exitCode).toBe(2);
    expect((await collab.knock(["sources", "events", "--after", "nonsense"])).exitCode).toBe(2);
  });

  it("preferences list continues after a cursor", async ({ collab }) => {
    await collab.knock(["preferences", "set", "ada", "--set-id", "acme", "--set", "workflows.invite:=false"]);
    const list = async (...args: string[]) =>
      (await collab.knock(["preferences", "list", "ada", "--json", ...args])).json as {
        items: { id: string }[];
        page_info: { after: string | null };
      };
    const all = await list();
    expect(all.items.length).toBeGreaterThan(1);
    const first = await list("--limit", "1");
    expect(first.items).toEqual(all.items.slice(0, 1));
    const rest = await list("--after", String(first.page_info.after));
    expect([rest.items, rest.page_info.after]).toEqual([all.items.slice(1), null]);
  });

  it.for(["workflows", "broadcasts", "sources"])(
    "%s list prints all of the project's files, or a page of them",
    async (kind, { collab }) => {
      for (const key of ["page-one", "page-two"]) {
        collab.write(`knock/broadcasts/${key}/broadcast.json`, JSON.stringify({ name: key, steps: [] }));
        collab.write(`knock/sources/${key}/source.json`, JSON.stringify({ name: key }));
      }
      const list = async (...args: string[]) =>
        (await collab.knock([kind, "list", "--json", ...args])).json as {
          items: { key: string }[];
          page_info: { after: string | null; before: string | null; page_size: number };
        };
      const all = await list();
      expect(all.items.length).toBeGreaterThan(2);
      expect(all.page_info).toEqual({ after: null, before: null, page_size: all.items.length });
      const first = await list("--limit", "2");
      expect(first.items).toEqual(all.items.slice(0, 2));
      const rest = await list("--after", String(first.page_info.after));
      expect([rest.items, rest.page_info.after]).toEqual([all.items.slice(2), null]);
      expect((await list("--limit", "2", "--before", String(rest.page_info.before))).items).toEqual(first.items);
      expect((await collab.knock([kind, "list", "--limit", "1"])).stderr).toMatch(/^more: --after \S+$/);
      expect((await collab.knock([kind, "list", "--limit", "51"])).exitCode).toBe(2);
    },
  );
});

describe.concurrent("objects list", () => {
  it("is empty without an error while no collection has objects", async ({ collab }) => {
    rmSync(collab.path("knock/recipients"), { recursive: true });
    const { exitCode, stdout, stderr } = await collab.knock(["objects", "list", "projects"]);
    expect([exitCode, stdout, stderr]).toEqual([0, "no objects", ""]);
  });

  it("is empty without an error after the last page", async ({ collab }) => {
    const all = (await collab.knock(["objects", "list", "projects", "--limit", "1", "--json"])).json;
    const { after } = all.page_info as { after: string };
    const rest = await collab.knock(["objects", "list", "projects", "--after", after, "--json"]);
    const { items } = rest.json as { items: unknown[] };
    expect(items.length).toBeGreaterThan(0);
    await collab.knock(["objects", "delete", "projects", ...items.map((item) => String((item as { id: string }).id))]);
    const { exitCode, stdout } = await collab.knock(["objects", "list", "projects", "--after", after]);
    expect([exitCode, stdout]).toEqual([0, "no objects"]);
  });
});

import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const items = (page: JsonObject): JsonObject[] => page.items as JsonObject[];
const page = (size: number) => ({ after: null, before: null, page_size: size });

describe("knock users", () => {
  it("lists users as documents, ids or a table, in pages", async ({ collab }) => {
    const first = (await collab.knock(["users", "list", "--limit", "4", "--json"])).json;
    expect(items(first).map(({ id }) => id)).toEqual(["mary", "lin", "katherine", "alan"]);
    const { after } = first.page_info as { after: string };
    const rest = (await collab.knock(["users", "--after", after, "--json"])).json;
    expect(items(rest)).toMatchObject([{ id: "grace" }, { __typename: "User", id: "ada", email: "ada@example.com" }]);
    expect((await collab.knock(["users", "list", "--quiet", "--limit", "1"])).stdout).toBe("mary");
    const table = await collab.knock(["users", "list", "--limit", "1"]);
    expect(table.stdout).toMatch(/^USER {2}NAME +EMAIL +CHANGED\nmary {2}Mary Somerville {2}mary@example.com/);
    expect(table.stderr).toMatch(/^more: --after \S+$/);
  });

  it("sets from a file, standard input, --data and --set, where later ones take precedence", async ({ collab }) => {
    collab.write("zoe.json", { name: "File", email: "zoe@example.com", plan: { tier: "a", seats: 1 } });
    const set = ["users", "set", "zoe", "--file", "zoe.json", "--data", '{"name":"Data","plan":{"seats":2}}'];
    const created = await collab.knock([...set, "--set", "plan.seats:=3", "--json"]);
    expect(created.json).toMatchObject({ id: "zoe", name: "Data", plan: { tier: "a", seats: 3 } });
    const merged = await collab.knock(["users", "set", "zoe", "-f", "-"], { input: '{"name":null}' });
    expect(merged.stdout).toMatch(/^zoe {2}user\n {2}email +zoe@example.com\n {2}plan +\{"tier":"a","seats":3\}\n/);
    expect((await collab.knock(["users", "get", "zoe", "--json"])).json).toMatchObject({ name: null });
    expect((await collab.knock(["notify", "welcome", "-r", "zoe", "--json"])).outcome.recipients).toMatchObject([
      { recipient: "zoe", status: expect.any(String) },
    ]);
  });

  it("set warns about channel data of a channel that nothing uses, and stores it", async ({ collab }) => {
    const set = async (channel: string) =>
      collab.knock([
        "users",
        "set",
        "zoe",
        "--data",
        JSON.stringify({ channel_data: { [channel]: { tokens: ["t"] } } }),
      ]);
    const { stderr, exitCode } = await set("slak");
    expect(stderr).toBe('warning: channel_data.slak: no channel has this key or ID. Did you mean "slack"?');
    expect(exitCode).toBe(0);
    expect((await set("slack")).stderr).not.toContain("no channel has this key");
  });

  it("set warns about a misspelled property and an unknown time zone", async ({ collab }) => {
    const body = '{"emial":"zoe@example.com","timezone":"Mars/Base"}';
    const { stderr, exitCode } = await collab.knock(["users", "set", "zoe", "--data", body]);
    expect(stderr).toContain(
      'warning: user "zoe": emial is a custom property without an effect; did you mean "email"?\n',
    );
    expect(stderr).toContain('warning: user "zoe": timezone ');
    expect(exitCode).toBe(0);
  });

  it("A-090 set rejects a property of a wrong type with its location, and stores nothing", async ({ collab }) => {
    const { exitCode, stderr } = await collab.knock(["users", "set", "zoe", "--set", "email:=5"]);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('user "zoe": email must be a string or null, found a number'),
    ]);
    expect((await collab.knock(["users", "get", "zoe"])).exitCode).toBe(5);
    expect((await collab.knock(["notify", "welcome", "-r", '{"id":"zoe","name":[]}'])).exitCode).toBe(2);
  });

  it("set without properties creates a user, or leaves an existing one unchanged, and says which", async ({
    collab,
  }) => {
    const created = await collab.knock(["users", "set", "zoe"]);
    expect([created.exitCode, created.stdout]).toEqual([0, expect.stringMatching(/^zoe {2}user\n/)]);
    expect(created.stderr).toBe(
      'note: user "zoe" was created without properties. Run `knock users set zoe --set email=…` to add one.',
    );
    const before = (await collab.knock(["users", "get", "ada", "--json"])).json;
    const left = await collab.knock(["users", "set", "ada", "--json"]);
    expect(left.json).toEqual(before);
    expect(left.stderr).toBe(
      'note: no properties given, so user "ada" is unchanged. Run `knock users set ada --set email=…` to change a property.',
    );
    const object = await collab.knock(["objects", "set", "plans", "p1"]);
    expect(object.stderr).toBe(
      'note: object "plans/p1" was created without properties. Run `knock objects set plans p1 --set name=…` to add one.',
    );
    expect((await collab.knock(["users", "set", "amy", "--data", "{}"])).stderr).toBe("");
  });

  it("deletes users with all their data, so that nothing pending is sent (E-053)", async ({ collab }) => {
    await collab.knock(["notify", "new-comment", "-r", "grace", "--actor", "alan", "--data", '{"page":"Home"}']);
    expect((await collab.knock(["users", "delete", "grace"])).stdout).toBe("✓ user grace deleted");
    expect((await collab.knock(["clock", "advance", "2d", "--json"])).json.ran).toEqual([]);
    expect(items((await collab.knock(["messages", "list", "--json"])).json)).toEqual([]);
    const again = await collab.knock(["users", "delete", "grace", "--json"]);
    expect(again.exitCode).toBe(5);
    expect(again.error).toMatchObject({ code: "resource_missing", details: [{ value: "grace" }] });
  });

  it.for<[string[], number, RegExp]>([
    [["users", "get", "adda"], 5, /there is no user "adda"\nhint: Did you mean "ada"\?/],
    [["users", "set", "a/b", "--data", "{}"], 2, /the user's id "a\/b": id must not contain/],
    [["users", "set", "ada", "--data", '{"id":"bob"}'], 2, /user "ada": id must be "ada" or absent/],
    [["users", "set", "ada", "--file", "none.json"], 2, /--file: none.json/],
    [["users", "set", "ada", "--file", "knock/workflows/welcome/email_1/text_body.txt"], 2, /invalid JSON/],
    [["users", "merge", "ada", "nobody"], 5, /there is no user "nobody"/],
    [["users", "merge", "nobody", "ada"], 5, /there is no user "nobody"/],
    [["users", "merge", "ada", "ada"], 2, /a user cannot be merged into itself/],
    [["users", "gte", "ada"], 2, /Did you mean "get"\?/],
    [["users", "list", "--limit", "51"], 2, /--limit/],
    [["users", "list", "--after", "%%%"], 2, /^error: --after: "%%%" is not a cursor/],
    [["users", "list", "--remote"], 4, /no API key for the remote target/],
    [["objects", "get", "projects", "p9"], 5, /there is no object "projects\/p9"\nhint: Did you mean "p2"\?/],
    [["objects", "get", "plans", "p9"], 5, /hint: Create it with `knock objects set plans p9`\./],
    [["objects", "set", "$users", "ada"], 2, /hint: Use `knock users` for users/],
    [["preferences", "set", "ada"], 2, /no preferences given/],
    [["preferences", "set", "ada", "--data", '{"channel_types":{"fax":true}}'], 2, /channel_types: unknown key "fax"/],
    [["preferences", "get", "a/b/c"], 2, /the recipient: "a\/b\/c" is not an id or collection\/id/],
    [["subscriptions", "list"], 2, /give either an object or a recipient/],
    [["subscriptions", "list", "projects"], 2, /give either an object or a recipient/],
    [["subscriptions", "list", "projects", "p1", "--recipient", "ada"], 2, /give either an object or a recipient/],
    [["subscriptions", "list", "projects", "p9"], 5, /there is no object "projects\/p9"/],
    [["subscriptions", "add", "projects", "p1"], 2, /no recipients given/],
    [["subscriptions", "add", "projects", "p1", "-r", "ada", "--properties", "[]"], 2, /properties must be an object/],
    [["audiences", "list", "betta"], 5, /there is no audience "betta"\nhint: Did you mean "beta"\?/],
    [["audiences", "add", "betta", "--no-create", "-r", "ada"], 5, /there is no audience "betta"/],
    [["audiences", "add", "beta"], 2, /no recipients given/],
    [["feed", "list"], 2, /give either a user or an object/],
    [["feed", "list", "ada", "--status", "new"], 2, /--status: there is no "new"/],
    [["feed", "list", "ada", "--channel", "sendgrid"], 2, /the channel "sendgrid" is of type email/],
  ])("exits for %j: %i", async ([args, code, text], { collab }) => {
    const ran = await collab.knock(args);
    expect(ran.stderr).toMatch(text);
    expect(ran.stdout).toBe("");
    expect(ran.exitCode).toBe(code);
  });
});

describe("knock objects and knock tenants", () => {
  it("read and change the content of the recipients files", async ({ collab }) => {
    const listed = (await collab.knock(["objects", "list", "projects", "--json"])).json;
    expect(items(listed).map(({ id }) => id)).toEqual(["p2", "p1"]);
    expect(listed.page_info).toEqual(page(50));
    const set = await collab.knock(["objects", "set", "projects", "p1", "--set", "stage=done", "--json"]);
    expect(set.json).toMatchObject({ __typename: "Object", properties: { name: "Apollo", stage: "done" } });
    await collab.knock(["objects", "delete", "projects", "p1"]);
    expect((await collab.knock(["objects", "list", "projects", "-q"])).stdout).toBe("p2");

    const tenant = ["tenants", "set", "acme", "--set", "settings.branding.primary_color=#112233", "--json"];
    expect((await collab.knock(tenant)).json).toMatchObject({
      __typename: "Tenant",
      settings: { branding: { primary_color: "#112233", primary_color_contrast: "#ffffff" } },
    });
    expect((await collab.knock(["tenants", "list", "--name", "Acme", "-q"])).stdout).toBe("acme");
    expect((await collab.knock(["tenants", "delete", "acme", "--json"])).json).toEqual({
      deleted: true,
      tenant: "acme",
    });
    expect((await collab.knock(["tenants", "get", "acme"])).exitCode).toBe(5);
  });
});

describe("knock preferences", () => {
  it("shows, merges, replaces and clears a set (A-093, A-094)", async ({ collab }) => {
    const get = async () => (await collab.knock(["preferences", "get", "ada", "--json"])).json;
    const defaults = { marketing: { channel_types: { push: false } } };
    const collabOff = { collab: { channel_types: { email: false } } };
    expect(await get()).toMatchObject({ id: "default", categories: { ...defaults, ...collabOff }, workflows: null });
    const data = ["--data", '{"channel_types":{"sms":false}}'];
    const merged = await collab.knock(["preferences", "set", "ada", "--merge", ...data]);
    expect(merged.stdout).toContain("  categories.collab.channel_types.email    false\n");
    expect(merged.stdout).toContain("  channel_types.sms                        false");
    await collab.knock(["preferences", "set", "ada", ...data]);
    expect(await get()).toMatchObject({ categories: defaults, channel_types: { sms: false } });
    await collab.knock(["preferences", "delete", "ada"]);
    expect(await get()).toMatchObject({ categories: defaults, channel_types: null });
  });

  it("warns about a workflow that the project does not have", async ({ collab }) => {
    const args = ["preferences", "set", "ada", "--data", '{"workflows":{"invit":false,"new-comment":true}}'];
    expect((await collab.knock(args)).stderr).toBe(
      'warning: workflows.invit has no effect: there is no workflow "invit"; did you mean "invite"?',
    );
  });

  it("has a set per tenant, over the tenant's defaults", async ({ collab }) => {
    await collab.knock(["preferences", "set", "projects/p1", "--set-id", "acme", "--set", "workflows.welcome:=false"]);
    const listed = (await collab.knock(["preferences", "list", "projects/p1", "--json"])).json;
    expect(items(listed)).toMatchObject([
      { id: "default", workflows: null },
      { id: "acme", workflows: { welcome: false }, categories: { marketing: false } },
    ]);
    expect(listed.page_info).toEqual(page(50));
  });
});

describe("knock subscriptions and knock audiences", () => {
  it("subscribe and unsubscribe, and name unidentified recipients", async ({ collab }) => {
    const add = ["subscriptions", "add", "projects", "p1", "-r", "ada,ghost", "--properties", '{"role":"x"}'];
    const added = await collab.knock([...add, "--json"]);
    expect(items(added.json)).toMatchObject([
      { recipient: { id: "ada" }, object: { id: "p1" }, properties: { role: "x" } },
      { recipient: { id: "ghost" } },
    ]);
    expect(added.stderr).toMatch(/^warning: recipient "ghost" was never identified and will receive nothing/);
    expect((await collab.knock(["subscriptions", "list", "projects", "p1", "-q"])).stdout.split("\n")).toEqual([
      "ghost",
      "ada",
      "katherine",
      "grace",
    ]);
    expect((await collab.knock(["subscriptions", "list", "--recipient", "ada", "-q"])).stdout).toBe("projects/p1");
    await collab.knock(["subscriptions", "delete", "projects", "p1", "-r", "ghost,grace"]);
    const left = await collab.knock(["subscriptions", "list", "--recipient", "grace"]);
    expect(left.stdout).toBe("no subscriptions");
  });

  it("E-388 report an invalid workflow that joining may start, and none when no user joins", async ({ collab }) => {
    collab.write("knock/workflows/broken/workflow.json", "{");
    const added = await collab.knock(["audiences", "add", "vip", "-r", "ada"]);
    expect(added).toMatchObject({ exitCode: 0, stdout: "✓ vip: added ada" });
    expect(added.stderr).toMatch(
      /^warning: knock\/workflows\/broken\/workflow\.json.* invalid JSON.*; if joining vip starts this workflow, it did not$/,
    );
    expect((await collab.knock(["audiences", "add", "vip", "-r", "ada"])).stderr).toBe("");
  });

  it("add and remove members, with and without a tenant", async ({ collab }) => {
    const added = await collab.knock(["audiences", "add", "vip", "-r", "ada", "nobody", "--tenant", "acme"]);
    expect(added.stdout).toBe("✓ vip: added ada (acme), nobody (acme)");
    expect(added.stderr).toMatch(/^warning: recipient "nobody" was never identified and will receive nothing/);
    await collab.knock(["audiences", "add", "vip", "-r", "ada"]);
    const listed = (await collab.knock(["audiences", "list", "vip", "--json"])).json;
    expect(items(listed).map(({ user_id, tenant }) => [user_id, tenant])).toEqual([
      ["ada", null],
      ["ada", "acme"],
    ]);
    const removed = await collab.knock(["audiences", "remove", "vip", "-r", "ada", "--json"]);
    expect(removed.json).toEqual({ audience: "vip", removed: [{ user_id: "ada", tenant: null }], not_members: [] });
    expect((await collab.knock(["audiences", "list", "vip"])).stdout).toMatch(/ada {3}Ada Lovelace {2}acme {4}\d{4}-/);
  });
});

describe("knock feed", () => {
  const notify = (collab: Sample, tenant: string[]) =>
    collab.knock(["notify", "new-comment", "-r", "grace", "--actor", "alan", "--data", '{"page":"A & B"}', ...tenant]);

  it("shows items and counts, by tenant and status (A-101a, Q-24)", async ({ collab }) => {
    await notify(collab, ["--tenant", "acme"]);
    await notify(collab, []);
    await notify(collab, ["--tenant", "globex"]);
    const list = async (...flags: string[]) => (await collab.knock(["feed", "list", "grace", ...flags, "--json"])).json;
    const acme = await list("--tenant", "acme", "--channel", "in-app-feed");
    expect(items(acme).map(({ tenant }) => tenant)).toEqual([null, "acme"]);
    expect(acme.meta).toMatchObject({ total_count: 2, unread_count: 2, unseen_count: 2 });
    const [newest] = items(acme);
    await collab.knock(["messages", "mark", String(newest?.id), "read"]);
    await collab.knock(["messages", "mark", String(newest?.id), "archived"]);
    expect(items(await list("--status", "read"))).toEqual([]);
    const read = await list("--status", "read", "--archived", "include");
    expect(items(read)).toMatchObject([{ id: newest?.id, __typename: "FeedItem" }]);
    expect(read.meta).toMatchObject({ total_count: 3, unread_count: 2 });

    const shown = (await collab.knock(["feed", "list", "grace"])).stdout.split("\n");
    expect(shown[0]).toMatch(/^ITEM +WORKFLOW +TENANT +STATUS +CREATED +TEXT$/);
    expect(shown[1]).toMatch(/ new-comment {2}globex {2}new +\S+ \S+ {2}Alan Turing commented on A & B$/);
    expect(shown.at(-1)).toBe("2 unread · 2 unseen · 2 in total");
    expect((await collab.knock(["feed", "list", "--object", "projects/p1"])).stdout).toBe("no feed items");
  });
});

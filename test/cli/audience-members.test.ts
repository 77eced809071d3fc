import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";

async function listMembers(sample: Sample, audience: string): Promise<unknown[]> {
  const { json } = await sample.knock(["audiences", "list", audience, "--json"]);
  return (json.items as JsonObject[]).map(({ user_id, tenant }) => [user_id, tenant]).sort();
}

describe.concurrent("a member's tenant", () => {
  it("belongs to the membership in audiences add and remove, and is not a property of the user", async ({ collab }) => {
    const add = ["audiences", "add", "vip", "-r"];
    await collab.knock([...add, '[{"id":"ada","tenant":"acme"},{"user":"grace","tenant":"acme"},"lin"]']);
    await collab.knock([...add, '{"id":"kim","name":"Kim","tenant":"lark"}', "--tenant", "acme"]);
    await collab.knock([...add, "alan", "--tenant", "acme"]);
    expect(await listMembers(collab, "vip")).toEqual([
      ["ada", "acme"],
      ["alan", "acme"],
      ["grace", "acme"],
      ["kim", "lark"],
      ["lin", null],
    ]);
    const kim = (await collab.knock(["users", "get", "kim", "--json"])).json;
    expect(kim.name).toBe("Kim");
    expect(kim).not.toHaveProperty("tenant");
    const removed = await collab.knock(["audiences", "remove", "vip", "-r", '{"id":"ada","tenant":"acme"}']);
    expect(removed.stdout).toBe("✓ vip: removed ada (acme)");
  });

  it("belongs to the membership in recipients files, and is checked with its location", async ({ collab }) => {
    const members = ["ada", { id: "grace", tenant: "acme" }, { user: "lin", tenant: "acme" }];
    collab.write("knock/recipients/vip.json", { audiences: { vip: members } } as unknown as JsonObject);
    expect(await listMembers(collab, "vip")).toEqual([
      ["ada", null],
      ["grace", "acme"],
      ["lin", "acme"],
    ]);
    for (const [member, place] of [
      [{ id: "ada", tenant: 5 }, "audiences.vip[0].tenant must be a tenant's id or null"],
      [{ id: "" }, "audiences.vip[0].id"],
      [{ user: 5 }, "audiences.vip[0].user"],
      [{ id: "p1", collection: "projects" }, "audiences.vip[0] must be a user"],
    ] as const) {
      collab.write("knock/recipients/vip.json", { audiences: { vip: [member] } } as unknown as JsonObject);
      const { stderr, exitCode } = await collab.knock(["users", "list"]);
      expect([exitCode, stderr]).toEqual([3, expect.stringContaining(place)]);
    }
  });
});

describe.concurrent("audiences remove", () => {
  it("A-203 ignores users who are not members, and names them", async ({ collab }) => {
    await collab.knock(["audiences", "add", "vip", "-r", "ada"]);
    const some = await collab.knock(["audiences", "remove", "vip", "-r", "ada,grace"]);
    expect(some).toMatchObject({
      exitCode: 0,
      stdout: "✓ vip: removed ada",
      stderr: "note: not a member, so ignored: grace. Add --tenant to remove a membership of a tenant",
    });
    const none = await collab.knock(["audiences", "remove", "vip", "-r", "ada", "--tenant", "acme"]);
    expect(none).toMatchObject({ exitCode: 0, stdout: "vip: nothing to remove" });
    expect(none.stderr).toBe("note: not a member, so ignored: ada (acme)");
    const json = await collab.knock(["audiences", "remove", "vip", "-r", "grace", "--json"]);
    expect(json.json).toEqual({ audience: "vip", removed: [], not_members: [{ user_id: "grace", tenant: null }] });
  });
});

describe.concurrent("knock dev on a port that is in use", () => {
  cliTest("exits 7 and says how to choose another port", async ({ collab }) => {
    const second = 'knock dev --port "$(echo "$KNOCK_BASE_URL" | sed s/.*://)" --store :memory:';
    const { stderr, exitCode } = await collab.knock(["dev", "--port", "0", "--store", ":memory:", "--exec", second]);
    expect(stderr).toMatch(
      /error: 127\.0\.0\.1:\d+: port already in use\nhint: Choose another port with --port <n>\. --port 0/,
    );
    expect(exitCode).toBe(7);
  });
});

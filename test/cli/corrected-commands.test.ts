import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("error.suggestion", () => {
  it.for<[args: string[], suggestion: string | null]>([
    [["notfy", "invite", "-r", "ada"], "knock notify invite -r ada"],
    [["help", "notfy"], "knock help notify"],
    [["help", "error", "actor_mising"], "knock help error actor_missing"],
    [["help", "undefined_varable"], "knock help error undefined_variable"],
    [["workflow_invalid"], "knock help error workflow_invalid"],
    [["exit-codes"], "knock help exit-codes"],
    [["start", "--port", "0"], "knock dev --port 0"],
    [["login"], "knock auth login"],
    [["new-comment", "-r", "ada"], "knock notify new-comment -r ada"],
    [["runs", "lst"], "knock runs list"],
    [["users", "show", "ada"], "knock users get ada"],
    [["users", "list", "ada"], "knock users get ada"],
    [["feed", "ada"], "knock feed list ada"],
    [["messages", "ada"], "knock messages list --recipient ada"],
    [["run", "invite", "-r", "ada"], "knock notify invite -r ada"],
    [["clock", "1d"], "knock clock advance 1d"],
    [["clock", "advance", "2", "hours"], "knock clock advance 2h"],
    [["clock", "set", "2030-01-01", "10:00"], "knock clock set 2030-01-01T10:00"],
    [["cancel", "x", "y", "--fail-if-non"], "knock cancel x y --fail-if-none"],
    [["notify", "invite", "--to", "ada"], "knock notify invite --recipients ada"],
    [["notify", "invite", "--to=ada"], "knock notify invite --recipients=ada"],
    [["notify", "invite", "-R", "ada"], "knock notify invite -r ada"],
    [["notify", "invite", "ada"], "knock notify invite --recipients ada"],
    [["notify", "invite", "page=Home"], "knock notify invite --set page=Home"],
    [["users", "set", "joe", '{"name":"Joe"}'], `knock users set joe --data '{"name":"Joe"}'`],
    [["users", "set", "joe", "--email", "j@x.org"], "knock users set joe --set email=j@x.org"],
    [["users", "set", "joe", "--email=j@x.org"], "knock users set joe --set email=j@x.org"],
    [["notify", "invite", "--set", "photo=my", "pic.jpg"], "knock notify invite --set 'photo=my pic.jpg'"],
    [["notify", "invite", "--set=photo=my", "pic.jpg"], "knock notify invite '--set=photo=my pic.jpg'"],
    [["notify", "invite", "-r", "ada", "--tenant", "my", "team"], "knock notify invite -r ada --tenant 'my team'"],
    [["notify", "invite", "-r", "ada", "--timeout", "30", "seconds"], "knock notify invite -r ada --timeout 30s"],
    [["notify", "--wait", "new-comment"], "knock notify new-comment --wait"],
    [["notify", "new-comment", "-r", "ada", "—set", "page=Home"], "knock notify new-comment -r ada --set page=Home"],
    [["objects", "get", "projects/p1"], "knock objects get projects p1"],
    [["notify", "new-coment", "-r", "ada"], "knock notify new-comment -r ada"],
    [["notify", "x", "-r", "a", "--target=remot"], "knock notify x -r a --target=remote"],
    [["runs", "--status", "complete"], "knock runs --status completed"],
    [["runs", "--status", "sent"], "knock runs --status completed"],
    [["messages", "--status", "failed"], "knock messages --status undelivered"],
    [["messages", "list", "--channel", "in-ap-feed"], "knock messages list --channel in-app-feed"],
    [["notify", "x", "-r", "a", "--expect", "skiped=0"], "knock notify x -r a --expect skipped=0"],
    [["notify", "x", "-r", "a", "--expect", "ada:email=sennt"], "knock notify x -r a --expect ada:email=sent"],
    [["users", "get", "adda"], "knock users get ada"],
    [["users", "get", "ada@example.com"], "knock users get ada"],
    [
      ["preferences", "set", "ada", "--set", "channel_types.email=false"],
      "knock preferences set ada --set channel_types.email:=false",
    ],
    [["config", "get", "targt"], "knock config get target"],
    [["audiences", "list", "bta"], "knock audiences list beta"],
    [["new", "workflow", "My Digest"], "knock new workflow my-digest"],
    [["notify", "new-comment", "-r", "ada", "--set", "pge=Home"], "knock notify new-comment -r ada --set page=Home"],
    [
      ["notify", "new-comment", "-r", "ada", "--data", '{"pge":"Home"}'],
      `knock notify new-comment -r ada --data '{"page":"Home"}'`,
    ],
    [["notify", "new-comment", "-r", "ada", "--data", "page=Home"], "knock notify new-comment -r ada --set page=Home"],
    [["notify", "payloads/new-comment.json"], "knock notify --file payloads/new-comment.json"],
    [["dev", "--exec", "npm", "test"], "knock dev --exec 'npm test'"],
    [["dev", "--exec", "npm", "test", "--watch"], "knock dev --exec 'npm test --watch'"],
    [["docs", "guide/schedule"], "knock docs guide/schedules"],
    [["docs", "guide/schedules#test"], "knock docs 'guide/schedules#test-it'"],
    // No correction is known, or more than one.
    [["zzz"], null],
    [["notify", "invite", "-p", "ada"], null],
    [["notify", "invite"], null],
    [["users", "list", "ada", "grace"], null],
    // The word occurs twice.
    [["notify", "new-coment", "-r", "new-coment"], null],
    // Secrets are not repeated.
    [["notify", "new-coment", "-r", "ada", "--api-key", "sk_test_1"], null],
    [["runs", "lst", "--store", "postgres://ada:pw@host/d"], null],
  ])("of %j is %j", async ([args, suggestion], { collab }) => {
    const { error, stdout } = await collab.knock([...args, "--json"]);
    const expected = suggestion === null ? null : `${suggestion} --json`;
    expect({ stdout, suggestion: error.suggestion }).toEqual({ stdout: "", suggestion: expected });
  });

  it("names the command as it was started, and can be run", async ({ collab }) => {
    const options = { bin: "/usr/bin/knock-cli" };
    const { error } = await collab.knock(["users", "get", "adda", "--json"], options);
    expect(error.suggestion).toBe("knock-cli users get ada --json");
    const { json } = await collab.knock(String(error.suggestion).split(" ").slice(1), options);
    expect(json).toMatchObject({ id: "ada" });
  });
});

import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest } from "../helpers/run-knock.js";

describe.concurrent("suggestions", () => {
  it.for<[args: string[], exit: number, error: string]>([
    [["notfy", "x"], 2, 'error: there is no command "notfy"\nhint: Did you mean "notify"?'],
    [["help", "notfy"], 2, 'error: there is no command or help topic "notfy"\nhint: Did you mean "notify"?'],
    [["notify", "--wait", "new-comment"], 2, "hint: Put the workflow key first: knock notify new-comment --wait"],
    [
      ["notify", "-r", "ada", "new-coment"],
      2,
      'error: no workflow key given\nhint: --recipients takes all arguments that follow, including "new-coment": put the workflow\'s key first, or -- before it.',
    ],
    [["notify", "-r", "ada", "grace"], 2, "Separate several recipients with commas: --recipients ada,grace"],
    [["notify", "invite", "ada", "grace"], 2, "hint: Did you mean --recipients ada,grace?"],
    [["cancel", "invite", "k", "ada", "grace"], 2, "hint: Did you mean --recipients ada,grace?"],
    [["runs", "list", "-r", "ada", "grace"], 2, "hint: --recipient takes one ID: --recipient ada"],
    [
      ["notify", "-r", "ada", "-r", "grace", "--skip-delay"],
      2,
      'error: no workflow key given\nhint: Give the key as the first argument, or as "key" in the payload.',
    ],
    [
      ["notify", "-r", "ada", "new-coment", "-r", "grace"],
      2,
      'hint: --recipients takes all arguments that follow, including "new-coment": put the workflow\'s key first',
    ],
    [
      ["audiences", "add", "--recipients", "ada", "--recipients", "beta"],
      2,
      "hint: For example: knock audiences add beta --recipients ada",
    ],
    [
      ["notify", "--expect", "sent>=1", "new-coment", "-f", "payloads/new-comment.json"],
      2,
      'error: --expect: "new-coment" is not a rule',
    ],
    [
      ["audiences", "add", "--recipients", "ada", "beta"],
      2,
      'error: missing required argument "key"\nhint: --recipients takes all arguments that follow, including "beta": put <key> first, or -- before it.',
    ],
    [
      ["subscriptions", "add", "-r", "ada", "projects", "p1"],
      2,
      'hint: --recipients takes all arguments that follow, including "p1": put <collection> <id> first, or -- before them.',
    ],
    [
      ["cancel", "--object", "projects/p1", "invite", "k"],
      2,
      'hint: --object takes all arguments that follow, including "k": put',
    ],
    [
      ["cancel", "-r", "ada"],
      2,
      "hint: For example: knock cancel invite invite-42. Add --help to list the arguments and options.",
    ],
    [["audiences", "list"], 2, "hint: For example: knock audiences list beta. Add --help"],
    [["runs", "--status"], 2, "hint: For example: knock runs list --workflow new-comment. Add --help"],
    [
      ["notify", "invite", "-r", "ada", "--set", "name", "Grace", "Hopper"],
      2,
      "hint: Did you mean --set 'name=Grace Hopper'?",
    ],
    [
      ["help", "exit-codes", "3"],
      2,
      'error: the help topic "exit-codes" has no parts\nhint: Run `knock help exit-codes`.',
    ],
    [
      ["users", "list", "--store", "mysql://ada:pw@host/d"],
      2,
      "error: the store is a mysql:// URL, which is not supported\nhint: Use a file",
    ],
    [
      ["preferences", "set", "ada", "--set", "channel_types.email=false"],
      2,
      "hint: Use := for JSON: --set channel_types.email:=false",
    ],
    [
      ["cancel", "invite", "--cancellation-key", "invite-42"],
      2,
      "hint: Give it as an argument: `knock cancel <workflow> <cancellation-key>`.",
    ],
    [
      ["prune"],
      2,
      'error: required option "--older-than <duration>" not specified\nhint: For example: knock prune --older-than 90d',
    ],
    [["runs", "list", "--limit", "100"], 2, "hint: Use --limit 50, and --after for the next page."],
    [["replay", "--since", "x"], 2, 'error: --since: "x" is not a time or a duration\nhint: Use ISO 8601, for example'],
    [["config", "set", "recipients.allow", "foo"], 2, "hint: For example: `knock config set recipients.allow"],
    [["sources", "send", "nope"], 5, 'error: there is no source "nope"'],
    [["clock", "unfreeze"], 2, "hint: Did you mean `knock clock reset`?"],
    [["validate", "knock/workflows/invite/workflow.json"], 5, 'hint: Did you mean "invite"?'],
    [["notify", "invite"], 2, 'hint: Add --recipients ada,grace, or "recipients": ["ada"] to the payload.'],
    [["cancle"], 2, 'error: there is no command "cancle"\nhint: Did you mean "cancel"?'],
    [["runs", "lst"], 2, 'error: knock runs has no command "lst"\nhint: Did you mean "list"?'],
    [["clock", "advnce", "1d"], 2, 'error: knock clock has no command "advnce"\nhint: Did you mean "advance"?'],
    [["config", "lists"], 2, 'error: knock config has no command "lists"\nhint: Did you mean "list"?'],
    [["notify", "x", "--recipiens", "ada"], 2, "hint: Did you mean one of --recipient, --recipients?"],
    [["cancel", "x", "y", "--fail-if-non"], 2, "hint: Did you mean --fail-if-none?"],
    [["notify", "invite", "--to", "ada"], 2, 'error: unknown option "--to"\nhint: Did you mean --recipients?'],
    [["notify", "invite", "--user", "ada"], 2, "hint: Did you mean --recipients?"],
    [["runs", "--user", "ada"], 2, "hint: Did you mean --recipient?"],
    [["notify", "invite", "-R", "ada"], 2, 'error: unknown option "-R"\nhint: Did you mean -r?'],
    [["notify", "invite", "-p", "ada"], 2, "hint: Did you mean one of --profile, --project?"],
    [["notify", "invite", "-w"], 2, "hint: Did you mean --wait?"],
    [["notify", "invite", "-z"], 2, "hint: For example: knock notify new-comment --recipients ada,grace"],
    [["notify", "invite", "ada"], 2, "hint: Did you mean --recipients ada?"],
    [
      ["notify", "invite", "-r", "ada", "--set", "photo=my", "pic.jpg", "of it", "--wait"],
      2,
      "hint: Put the value in quotes: --set 'photo=my pic.jpg of it'",
    ],
    [["notify", "invite", "--set=photo=my", "pic.jpg"], 2, "hint: Put the value in quotes: --set 'photo=my pic.jpg'"],
    [["users", "set", "joe", "--set", "name=Joe", "O'Hara"], 2, "in quotes: --set 'name=Joe O'\\''Hara'"],
    [
      ["preview", "invite", "email_1", "--set", "team=The", "Turings"],
      2,
      "hint: Put the value in quotes: --set 'team=The Turings'",
    ],
    [["notify", "invite", "-d", "@my", "file.json"], 2, "hint: Put the value in quotes: --data '@my file.json'"],
    [["notify", "invite", "--set", "a=b", "c=d"], 2, "hint: Did you mean --set c=d?"],
    [
      ["notify", "invite", "-r", "ada", "--tenant", "my", "team"],
      2,
      "hint: Put the value in quotes: --tenant 'my team'",
    ],
    [["notify", "invite", "--tenant", "acme", "ada"], 2, "hint: Did you mean --recipients ada?"],
    [["notify", "invite", "-r", "ada", "--dry-run", "zoe"], 2, "hint: For example: knock notify "],
    [["notify", "invite", "page=Home"], 2, "hint: Did you mean --set page=Home?"],
    [["users", "set", "joe", '{"name":"Joe"}'], 2, 'hint: Did you mean --data \'{"name":"Joe"}\'?'],
    [["users", "set", "joe", "--email", "j@x.org"], 2, "hint: Did you mean --set email=j@x.org?"],
    [["users", "list", "ada"], 2, "hint: Did you mean `knock users get ada`?"],
    [["users", "show", "ada"], 2, 'error: knock users has no command "show"\nhint: Did you mean `knock users get`?'],
    [["messages", "get", "x"], 2, "hint: Did you mean `knock messages show`?"],
    [["feed", "ada"], 2, 'error: knock feed has no command "ada"\nhint: Did you mean `knock feed list ada`?'],
    [["objects", "get", "projects/p1"], 2, "hint: Give the collection and the ID as two arguments: projects p1"],
    [["clock", "advance", "-1h"], 2, "hint: Run `knock clock set <time> --force` to move the clock back."],
    [["clock", "forward", "1d"], 2, "hint: Did you mean `knock clock advance`?"],
    [["dev", "npm", "test"], 2, "hint: Put -- before the command: knock dev -- npm test"],
    [["dev", "npm", "--", "test"], 2, "hint: Put -- before the command: knock dev -- npm test"],
    [
      ["dev", "--port", "0", "--exec", "npm", "test"],
      2,
      "hint: Put the command in quotes: --exec 'npm test', or put it after --.",
    ],
    [["dev", "--exec", "npm", "--", "test"], 2, "error: --exec and -- both name a command"],
    [["dev", "--exec", "npm", "test", "--watch"], 2, "hint: Put the command in quotes: --exec 'npm test --watch'"],
    [["dev", "--exec"], 2, "hint: For example: knock dev --port 0 --store :memory: --exec 'knock notify"],
    [["notify", "invite", "-f"], 2, "hint: For example: knock notify --file payloads/new-comment.json --dry-run."],
    [["version"], 2, 'error: there is no command "version"\nhint: Did you mean `knock --version`?'],
    [["-v"], 2, 'error: unknown option "-v"\nhint: Did you mean --version?'],
    [
      ["zzz"],
      2,
      "hint: Commands: audiences, audit, auth, branches, broadcasts, cancel, channels, clock, completion, config, dev, diff, docs, doctor, feed, forecast, help, init, keys, logs, mcp, messages, new, notify, objects, plan, preferences, preview, promote, prune, pull, push, replay, review, runs, schedules, serve, sources, store, subscriptions, tenants, test, types, users, validate, why, worker, workflows.",
    ],
    [
      ["notify", "new-comment", "-r", "ada", "—set", "page=Home"],
      2,
      'error: "—set" begins with a dash that a text processor made\nhint: Did you mean --set?',
    ],
    [["notify", "new-comment", "–r", "ada"], 2, "hint: Did you mean -r?"],
    [
      ["notify", "invite", "--", "-r", "ada"],
      2,
      "error: too many arguments: expected 1, found 3\nhint: Everything after -- is an argument: put -r before it.",
    ],
    [
      ["notify", "invite", "-r", "ada", "--wait", "1"],
      2,
      'error: --wait: "1" is not a duration\nhint: Add a unit: 1s, 1m, 1h or 1d.',
    ],
    [["clock", "advance", "2", "hours"], 2, 'hint: Did you mean "2h"?'],
    [["notify", "invite", "-r", "ada", "--timeout", "30", "seconds"], 2, 'hint: Did you mean "30s"?'],
    [["clock", "advance", "90"], 2, "hint: Add a unit: 90s, 90m, 90h or 90d."],
    [["notify", "invite", "-r", "ada", "--timeout", "1.5"], 2, "hint: Add a unit: 1.5s, 1.5m, 1.5h or 1.5d."],
    [["clock", "advance", "1x"], 2, "hint: For example 30s, 15m, 24h, 7d, 2w, 1h30m or PT30M."],
    [
      ["notify", "new-coment", "-r", "ada"],
      5,
      'error: there is no workflow "new-coment"\nhint: Did you mean "new-comment"?',
    ],
    [
      ["notify", "zzz", "-r", "ada"],
      5,
      "hint: Workflows: invite, new-comment, order-placed, page-created, page-shared",
    ],
    [["notify", "x", "-r", "a", "--target", "remot"], 2, '--target: there is no "remot"\nhint: Did you mean "remote"?'],
    [["runs", "--status", "foo"], 2, "hint: One of: canceled, completed, failed, processing, queued, waiting"],
    [["runs", "--status", "complete"], 2, 'hint: Did you mean "completed"?'],
    [
      ["runs", "--status", "delayed"],
      2,
      'hint: Did you mean "waiting"? A run is waiting while one of its steps waits.',
    ],
    [
      ["help", "workflow_invalid"],
      2,
      'hint: "workflow_invalid" is an error code. Run `knock help error workflow_invalid` to see its causes.',
    ],
    [["workflow_invalid"], 2, 'hint: "workflow_invalid" is an error code. Run `knock help error workflow_invalid` to'],
    [["help", "undefined_varable"], 2, "hint: Did you mean `knock help error undefined_variable`?"],
    [["help", "zzz"], 2, "clock, completion"],
    [["exit-codes"], 2, 'hint: "exit-codes" is a help topic. Run `knock help exit-codes` to read it.'],
    [["error", "usage"], 2, 'hint: "error" is a help topic. Run `knock help error` to read it.'],
    [["messages", "--status", "waiting"], 2, 'hint: Did you mean "queued"?'],
    [["messages", "--status", "failed"], 2, 'hint: Did you mean "undelivered"?'],
    [["feed", "list", "ada", "--status", "new"], 2, 'hint: Did you mean "unseen"?'],
    [["feed", "list", "ada", "--status", "archived"], 2, "hint: Use --archived to list archived items."],
    [["notify", "x", "-r", "a", "--expect", "skiped=0"], 2, 'hint: Did you mean "skipped"?'],
    [["notify", "x", "-r", "a", "--expect", "ada:email=sennt"], 2, 'hint: Did you mean "sent"?'],
    [["config", "get", "targt"], 2, 'error: there is no setting "targt"\nhint: Did you mean "target"?'],
    [["config", "set", "brnch", "x"], 2, 'error: "brnch" cannot be set\nhint: Did you mean "branch"?'],
  ])("are shown for %j: exit %i", async ([args, exit, error], { collab }) => {
    const { stderr, stdout, exitCode } = await collab.knock(args);
    expect(stderr).toContain(error);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: exit });
  });

  cliTest("name a command after dev -- that does not exist", async ({ collab }) => {
    const { stderr, stdout, exitCode } = await collab.knock(["dev", "--port", "0", "--", "no-such-command"]);
    expect(stderr).toContain("error: no-such-command: command not found");
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  });

  it.for<[args: string[], warning: string]>([
    [
      ["-r", "adda"],
      'recipient "adda" was never identified and received nothing; did you mean "ada"?\nhint: Identify recipients with `knock users set <id> --file …`, inline (',
    ],
    [["-r", "“ada”"], 'recipient "“ada”" was never identified and received nothing; did you mean "ada"?'],
    [["-r", "аda"], 'recipient "аda" was never identified and received nothing; did you mean "ada"?'],
    [
      ["-r", "adda,zzz,grce"],
      'recipients "adda" (did you mean "ada"?), "zzz", "grce" (did you mean "grace"?) were never identified and received nothing\nhint: ',
    ],
    [
      ["--object", "projects/p11"],
      'recipient "projects/p11" was never identified and received nothing; did you mean "projects/p1"?\nhint: Identify recipients with `knock objects set <collection> <id> --file …`',
    ],
  ])("are shown for an unidentified recipient, %j: %s", async ([args, warning], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["notify", "page-shared", "--set", "page=Home", ...args]);
    expect(stderr).toContain(warning);
    expect(exitCode).toBe(1);
  });

  it("are shown once for a new tenant with an id that is similar to an existing one", async ({ collab }) => {
    const args = ["notify", "invite", "-r", "lin", "--tenant"];
    const { stderr, exitCode } = await collab.knock([...args, "acmee"]);
    expect(stderr).toBe('warning: tenant "acmee" did not exist and was created. Did you mean "acme"?');
    expect(exitCode).toBe(0);
    for (const tenant of ["acmee", "acme", "lark", '{"id":"acmes","name":"Acmes"}'])
      expect((await collab.knock([...args, tenant])).stderr).toBe("");
  });
});

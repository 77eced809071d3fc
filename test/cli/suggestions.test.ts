import { describe, expect } from "vitest";
import { cliTest as test } from "../helpers/run-knock.js";

describe.concurrent("did you mean", () => {
  test.for<[args: string[], exit: number, error: string]>([
    [["notfy", "x"], 2, 'error: there is no command "notfy"\nhint: Did you mean "notify"?'],
    [["help", "notfy"], 2, 'error: there is no command "notfy"\nhint: Did you mean "notify"?'],
    [["notify", "--wait", "new-comment"], 2, "hint: Put the workflow's key before it: knock notify new-comment --wait"],
    [
      ["notify", "-r", "ada", "new-coment"],
      2,
      'error: no workflow named\nhint: --recipients takes every word after it, "new-coment" too: put the workflow\'s key first, or -- before it.',
    ],
    [
      ["notify", "-r", "ada", "-r", "grace", "--skip-delay"],
      2,
      'error: no workflow named\nhint: Give the key as the first argument, or as "key" in the payload.',
    ],
    [
      ["notify", "-r", "ada", "new-coment", "-r", "grace"],
      2,
      'hint: --recipients takes every word after it, "new-coment" too: put the workflow\'s key first',
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
      "error: missing required argument 'key'\nhint: --recipients takes every word after it, \"beta\" too: put <key> first, or -- before it.",
    ],
    [
      ["subscriptions", "add", "-r", "ada", "projects", "p1"],
      2,
      'hint: --recipients takes every word after it, "p1" too: put <collection> <id> first, or -- before them.',
    ],
    [["cancel", "--object", "projects/p1", "invite", "k"], 2, 'hint: --object takes every word after it, "k" too: put'],
    [
      ["cancel", "-r", "ada"],
      2,
      "hint: For example: knock cancel invite invite-42. --help shows what this command takes.",
    ],
    [["audiences", "list"], 2, "hint: For example: knock audiences list beta. --help shows"],
    [["runs", "--status"], 2, "hint: For example: knock runs list --workflow new-comment. --help shows"],
    [["notify", "invite"], 2, 'hint: On the command line --recipients ada,grace; in a payload "recipients": ["ada"].'],
    [["cancle"], 2, 'error: there is no command "cancle"\nhint: Did you mean "cancel"?'],
    [["runs", "lst"], 2, 'error: knock runs has no command "lst"\nhint: Did you mean "list"?'],
    [["clock", "advnce", "1d"], 2, 'error: knock clock has no command "advnce"\nhint: Did you mean "advance"?'],
    [["config", "lists"], 2, 'error: knock config has no command "lists"\nhint: Did you mean "list"?'],
    [["notify", "x", "--recipiens", "ada"], 2, "hint: Did you mean one of --recipient, --recipients?"],
    [["cancel", "x", "y", "--fail-if-non"], 2, "hint: Did you mean --fail-if-none?"],
    [["notify", "invite", "--to", "ada"], 2, "error: unknown option '--to'\nhint: Did you mean --recipients?"],
    [["notify", "invite", "--user", "ada"], 2, "hint: Did you mean --recipients?"],
    [["runs", "--user", "ada"], 2, "hint: Did you mean --recipient?"],
    [["notify", "invite", "-R", "ada"], 2, "error: unknown option '-R'\nhint: Did you mean -r?"],
    [["notify", "invite", "-p", "ada"], 2, "hint: Did you mean one of --profile, --project?"],
    [["notify", "invite", "-w"], 2, "hint: Did you mean --wait?"],
    [["notify", "invite", "-z"], 2, "hint: For example: knock notify new-comment --recipients ada,grace"],
    [["notify", "invite", "ada"], 2, "hint: Did you mean --recipients ada?"],
    [["notify", "invite", "page=Home"], 2, "hint: Did you mean --set page=Home?"],
    [["users", "set", "joe", '{"name":"Joe"}'], 2, 'hint: Did you mean --data \'{"name":"Joe"}\'?'],
    [["users", "set", "joe", "--email", "j@x.org"], 2, "hint: Did you mean --set email=…?"],
    [["users", "list", "ada"], 2, "hint: Did you mean knock users get ada?"],
    [["users", "show", "ada"], 2, 'error: knock users has no command "show"\nhint: Did you mean knock users get?'],
    [["messages", "get", "x"], 2, "hint: Did you mean knock messages show?"],
    [["feed", "ada"], 2, 'error: knock feed has no command "ada"\nhint: Did you mean knock feed list ada?'],
    [["objects", "get", "projects/p1"], 2, "hint: The collection and the id are two words here: projects p1"],
    [["clock", "advance", "-1h"], 2, "hint: knock clock set <time> --force moves the clock back."],
    [["clock", "forward", "1d"], 2, "hint: Did you mean knock clock advance?"],
    [["dev", "npm", "test"], 2, "hint: The command stands in quotes: --exec 'npm test'"],
    [["dev", "--", "npm", "test", "--watch"], 2, "hint: The command stands in quotes: --exec 'npm test --watch'"],
    [["dev", "--port", "0", "--exec", "npm", "test"], 2, "hint: The command stands in quotes: --exec 'npm test'"],
    [["dev", "--exec", "npm", "test", "--watch"], 2, "hint: The command stands in quotes: --exec 'npm test --watch'"],
    [["dev", "--exec"], 2, "hint: For example: knock dev --port 0 --store :memory: --exec 'knock notify"],
    [["notify", "invite", "-f"], 2, "hint: For example: knock notify --file payloads/new-comment.json --dry-run."],
    [["version"], 2, 'error: there is no command "version"\nhint: Did you mean knock --version?'],
    [["-v"], 2, "error: unknown option '-v'\nhint: Did you mean --version?"],
    [
      ["zzz"],
      2,
      "hint: Commands: audiences, auth, broadcasts, cancel, clock, config, dev, feed, init, messages, notify, objects, preferences, preview, runs, schedules, sources, subscriptions, tenants, users, worker",
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
      "error: too many arguments for 'notify'. Expected 1 argument but got 3.\nhint: What stands after -- is no option: put -r before it.",
    ],
    [
      ["notify", "invite", "-r", "ada", "--wait", "1"],
      2,
      'error: --wait: "1" is not a duration\nhint: It has no unit: 1s, 1m, 1h or 1d.',
    ],
    [["clock", "advance", "90"], 2, "hint: It has no unit: 90s, 90m, 90h or 90d."],
    [["notify", "invite", "-r", "ada", "--timeout", "1.5"], 2, "hint: It has no unit: 1.5s, 1.5m, 1.5h or 1.5d."],
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
    [["notify", "x", "-r", "a", "--target", "remot"], 2, "'remot' is invalid. Allowed choices are local, remote."],
    [["runs", "--status", "complete"], 2, 'hint: Did you mean "completed"?'],
    [["runs", "--status", "waiting"], 2, 'hint: Did you mean "paused"? A run is paused while a step waits.'],
    [["runs", "--status", "failed"], 2, 'hint: Did you mean "completed"? A failed run is completed, with errors.'],
    [["messages", "--status", "waiting"], 2, 'hint: Did you mean "queued"?'],
    [["messages", "--status", "failed"], 2, 'hint: Did you mean "undelivered"?'],
    [["feed", "list", "ada", "--status", "new"], 2, 'hint: Did you mean "unseen"?'],
    [["feed", "list", "ada", "--status", "archived"], 2, "hint: Archived items are listed by --archived only."],
    [["notify", "x", "-r", "a", "--expect", "skiped=0"], 2, 'hint: Did you mean "skipped"?'],
    [["notify", "x", "-r", "a", "--expect", "ada:email=sennt"], 2, 'hint: Did you mean "sent"?'],
    [["config", "get", "targt"], 2, 'error: there is no setting "targt"\nhint: Did you mean "target"?'],
    [["config", "set", "brnch", "x"], 2, 'error: "brnch" cannot be set\nhint: Did you mean "branch"?'],
  ])("%j: exit %i", async ([args, exit, error], { collab }) => {
    const { stderr, stdout, exitCode } = await collab.knock(args);
    expect(stderr).toContain(error);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: exit });
  });

  test.for<[args: string[], warning: string]>([
    [["-r", "adda"], 'nothing was sent to "adda" (did you mean "ada"?). Identify with knock users set <id> --file …'],
    [["-r", "“ada”"], 'nothing was sent to "“ada”" (did you mean "ada"?).'],
    [["-r", "аda"], 'nothing was sent to "аda" (did you mean "ada"?).'],
    [["-r", "adda,zzz,grce"], 'to "adda" (did you mean "ada"?), "zzz", "grce" (did you mean "grace"?). Identify with'],
    [
      ["--object", "projects/p11"],
      'to {"id":"p11","collection":"projects"} (did you mean "projects/p1"?). Identify with knock objects set <collection> <id> --file …',
    ],
  ])("a recipient never identified, %j: %s", async ([args, warning], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["notify", "page-shared", "--set", "page=Home", ...args]);
    expect(stderr).toContain(warning);
    expect(exitCode).toBe(1);
  });

  test("a tenant that nobody made, and is nearly one that somebody did, is told of once", async ({ collab }) => {
    const args = ["notify", "invite", "-r", "lin", "--tenant"];
    const { stderr, exitCode } = await collab.knock([...args, "acmee"]);
    expect(stderr).toBe('warning: tenant "acmee" did not exist and was made. Did you mean "acme"?');
    expect(exitCode).toBe(0);
    for (const tenant of ["acmee", "acme", "lark", '{"id":"acmes","name":"Acmes"}'])
      expect((await collab.knock([...args, tenant])).stderr).toBe("");
  });

  test.for<[args: string[], note: string]>([
    [["runs", "list", "--workflow", "new-coment"], 'note: did you mean "new-comment"?'],
    [["messages", "list", "--channel", "sendgird"], 'note: did you mean "sendgrid"?'],
    [["messages", "list", "--channel", "sendgrid"], ""],
    [["messages", "list", "--channel", "email"], 'note: did you mean "sendgrid"?'],
    [["messages", "list", "--channel", "in_app_feed"], 'note: did you mean "in-app-feed"?'],
    [["messages", "list", "--channel", "zzz"], 'note: no channel is called "zzz". Channels: fcm, in-app-feed,'],
    [["messages", "list", "--channel", "0b6e3b8c-5d0f-4c27-9c0e-4d1a2b3c4d5e"], ""],
    [["runs", "list", "--workflow", "zzz"], 'note: no workflow is called "zzz". Workflows: invite, new-comment,'],
    [["runs", "list", "--workflow", "new-comment"], ""],
    [["runs", "list", "--recipient", "adda"], 'note: user "adda" was never identified. Did you mean "ada"?'],
    [
      ["messages", "list", "--recipient", "projects/p9"],
      'note: object "projects/p9" was never identified. Did you mean',
    ],
    [["feed", "list", "adda"], 'note: user "adda" was never identified. Did you mean "ada"?'],
    [["feed", "list", "ada"], ""],
    [["runs", "list", "--recipient", "ada"], ""],
  ])("an empty list, %j: %j", async ([args, note], { collab }) => {
    const { stderr, exitCode } = await collab.knock(args);
    expect(exitCode).toBe(0);
    expect(note === "" ? stderr : stderr.slice(0, note.length)).toBe(note);
  });
});

describe.concurrent("the program itself", () => {
  test.for([["--version"], ["-V"]])("%s", async ([flag = ""], { empty }) => {
    const { stdout, exitCode } = await empty.knock([flag]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
    expect(exitCode).toBe(0);
  });

  test.for([[[]], [["--help"]], [["help"]]])("%j shows the commands", async ([args = []], { empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(args);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const command of ["notify", "cancel", "runs", "messages", "clock", "worker", "init", "auth", "config"])
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    expect(stdout).toContain("Start here:\n  $ knock init && knock notify hello --recipients ada");
  });

  test("the list of commands says what each does beside its name, in 60 columns, too", async ({ empty }) => {
    const { stdout } = await empty.onTerminal(["--help"], { columns: 60 });
    expect(stdout).toMatch(/^ {2}notify\|trigger {2}trigger a workflow, print what happened to\n {18}each recipient$/m);
    expect(stdout.split("\n").filter((line) => line.length > 60)).toEqual([]);
  });

  test("a default is shown as it is typed", async ({ empty }) => {
    const { stdout } = await empty.knock(["dev", "--help"]);
    expect(stdout).toContain("(default: 8484)\n");
    expect(stdout).toContain("(default: 127.0.0.1)\n");
    expect(stdout).not.toContain("default: [");
  });

  test("--help before a command is the command's", async ({ empty }) => {
    expect((await empty.knock(["--help", "notify"])).stdout).toBe((await empty.knock(["notify", "--help"])).stdout);
  });

  test("a group's help has an example of each of its commands", async ({ empty }) => {
    const { stdout } = await empty.knock(["runs", "--help"]);
    expect(stdout).toMatch(/alone, it lists them[\s\S]*Examples:\n {2}\$ knock runs list .*\n {2}\$ knock runs show /);
  });

  test.for([
    ["audiences", "knock audiences list beta"],
    ["feed", "knock feed list ada"],
    ["preferences", "knock preferences list ada"],
    ["subscriptions", "knock subscriptions list projects p1"],
    ["auth", "knock auth login"],
  ])("%s alone says what to begin with, then its whole help", async ([group = "", first], { empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock([group]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toBe(`Begin with: ${first}\n\n${(await empty.knock([group, "--help"])).stdout}`);
    expect(stdout).toContain("\nExamples:\n");
  });

  test("a group without a default shows its commands", async ({ empty }) => {
    const { stdout, stderr, exitCode } = await empty.knock(["auth"]);
    expect(stdout).toMatch(/login.*\n.*logout/s);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  test("wrong usage with --json is a document too, wherever the flag stands", async ({ empty }) => {
    for (const args of [
      ["notfy", "--json"],
      ["--json", "notfy"],
      ["notify", "--nope", "--json"],
    ]) {
      const { error, exitCode } = await empty.knock(args);
      expect(error).toEqual({ code: "usage", message: expect.any(String), hint: expect.any(String), details: [] });
      expect(exitCode).toBe(2);
    }
  });

  test("without a project the local target says how to get one", async ({ empty }) => {
    for (const args of [["notify", "x", "-r", "a"], ["runs"], ["clock"], ["worker", "--once"], ["cancel", "x", "y"]]) {
      const { error, exitCode } = await empty.knock([...args, "--json"]);
      expect(error).toMatchObject({ code: "project_missing", hint: expect.stringContaining("knock init") });
      expect(String(error.hint).includes("--remote")).toBe(!["clock", "worker"].includes(args[0] as string));
      expect(exitCode).toBe(3);
    }
  });

  test("--project of a folder within a project names the project's", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["runs", "--project", "knock"]);
    expect(stderr).toBe(
      "error: knock/knock.json does not exist\nhint: Did you mean --project .? It takes a folder that holds knock.json; knock init makes one.",
    );
    expect(exitCode).toBe(3);
  });

  test("a path far from here is shown whole", async ({ empty }) => {
    const { stderr } = await empty.knock(["runs", "--project", "/nope"]);
    expect(stderr).toContain("error: /nope/knock.json does not exist\n");
  });
});

describe.concurrent("knock init", () => {
  test("then notify: two commands to the first run", async ({ empty }) => {
    const made = await empty.knock(["init"]);
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toContain("✓ knock.json");
    const hint = /^try: knock (.+)$/.exec(made.stderr)?.[1] ?? "";
    const { stdout, exitCode } = await empty.knock(hint.split(" "));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("ada  ✓ in-app delivered · email sandboxed");
    const { json } = await empty.knock(["messages", "list", "--channel", "in-app-feed", "--json"]);
    expect(json.items).toHaveLength(1);
  });

  test("into another folder, and never over what is there", async ({ empty }) => {
    expect((await empty.knock(["init", "deep/er", "--json"])).json.files).toContain("deep/er/knock.json");
    const again = await empty.knock(["init", "deep/er"]);
    expect(again.exitCode).toBe(6);
    expect(again.stderr).toMatch(/^error: deep\/er\/knock\.json exists already\nhint: Nothing was written/);
    empty.write("other/knock/environment.json", "{}");
    expect((await empty.knock(["init", "other"])).exitCode).toBe(6);
    expect(empty.read("other/knock/environment.json")).toBe("{}");
    expect(() => empty.read("other/knock.json")).toThrow("ENOENT");
  });

  test("within a project, which it names", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["init"], { cwd: "payloads" });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^note: \.\. holds a project, too; below the new one, the new one counts\ntry: knock notify/,
    );
  });

  test("where a file is in the way: one line, exit 3", async ({ empty }) => {
    empty.write("file", "");
    const { stderr, exitCode } = await empty.knock(["init", "file"]);
    expect(stderr).toMatch(/^error: the project could not be written: .+\nhint: /);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(exitCode).toBe(3);
  });
});

import { symlinkSync } from "node:fs";
import { describe, expect } from "vitest";
import { type ExpectedError, expectCommandError } from "../helpers/expect-command-error.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const COMMENT = ["notify", "new-comment"];
const PAGE = ["--set", "page=Home"];

const usage = (message: ExpectedError["message"]): ExpectedError => ({ exit: 2, code: "usage", message });
const json = (message: ExpectedError["message"]): ExpectedError => ({ exit: 2, code: "invalid_json", message });
const params = (message: ExpectedError["message"], ...pointers: string[]): ExpectedError => ({
  exit: 2,
  code: "invalid_params",
  message,
  pointers,
});

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const payload = (more: Record<string, unknown>): string =>
  JSON.stringify({ recipients: ["ada"], data: { page: "Home" }, ...more });

describe.concurrent("invalid flags of notify", () => {
  it.for<[args: string[], refusal: ExpectedError]>([
    [["-d", '{"page":'], json("--data: invalid JSON: expected a value (line 1, column 9)")],
    [["-d", "{page: 1}"], json("--data: invalid JSON: unexpected word (line 1, column 2)")],
    [["-d", "[1]"], usage("--data: must be a JSON object, found a list")],
    [["-d", '"text"'], usage("--data: must be a JSON object, found a string")],
    [["-d", "null"], usage("--data: must be a JSON object, found null")],
    [["-d", ""], json("--data: invalid JSON: it is empty")],
    [["-d", "@"], usage("--data: a file name is missing after @")],
    [["-d", "@knock"], usage("--data: knock is a directory, not a file")],
    [["-d", "@none.json"], usage("--data: none.json does not exist")],
    [["-d", '{"__proto__":{"admin":true}}'], params('"__proto__"', "/data/__proto__")],
    [["-d", '{"a":[{"__proto__":1}]}'], params('"__proto__"', "/data/a/0/__proto__")],
    [["--set", "__proto__.x=1"], usage('"__proto__" is not allowed as a key')],
    [["--set", "page"], usage('--set: "page" has no "="')],
    [["--set", "=x"], usage("--set")],
    [["--set", "a..b=x"], usage('the path "a..b" is not valid')],
    [["--set", "a[x]=1"], usage('the path "a[x]" is not valid')],
    [["--set", "a[999999]=1"], usage("the index 999999 is too large: the maximum is 10000")],
    [["--set", "a=1", "--set", "a.b=2"], usage("a is already a string")],
    [["--set", "n:={"], json("--set n: invalid JSON")],
    [["--actor", ""], usage("--actor: the ID is empty")],
    [["--actor", '{"name":"x"}'], params("actor.id is required", "/actor/id")],
    [["--tenant", ""], usage("--tenant: the ID is empty")],
    [["--tenant", "[1]"], params("tenant must be", "/tenant")],
    [["--cancellation-key", ""], params("cancellation_key must not be empty", "/cancellation_key")],
    [["--idempotency-key", ""], params("idempotency_key must not be empty", "/idempotency_key")],
    [["--wait", "soon"], usage('--wait: "soon" is not a duration')],
    [["--expect", "lots"], usage('--expect: "lots" is not a rule')],
    [["--format", "json"], usage("--format requires --file")],
    [["--actor", "nobody"], { exit: 5, code: "actor_missing", message: 'the actor "nobody" was never identified' }],
  ])("are reported: %j", async ([args, refusal], { collab }) => {
    await expectCommandError(collab, [...COMMENT, "-r", "ada", ...PAGE, ...args], refusal);
  });

  it.for<[args: string[], error: string]>([
    [["-d", "page=Home"], "(line 1, column 1)\nhint: Did you mean --set page=Home?"],
    [["-d", '{"page": "x"'], "closing brace (line 1, column 13)\nhint: Add the missing } at the end."],
    [["-d", '{"page": "x" "y": 1}'], "expected a comma (line 1, column 14)\nhint: Add a comma before this."],
    [["-d", '{"page": "x",}'], "unexpected comma before } (line 1, column 14)\nhint: Remove the comma before this }."],
    [["-d", '{"page": "x"}}'], "hint: Remove this }."],
    [["-r", '["ada" "grace"]'], "expected a comma (line 1, column 8)\nhint: Add a comma before this."],
    [["-d", "hello"], "hint: Put the JSON in single quotes, or in a file and use @file."],
    [["--set", "page:=my"], "hint: Use = for text: --set page=my"],
    [["--set", "page:=my home"], "Use = for text: --set 'page=my home'"],
    [["-d", "payloads/invite.json"], "hint: Did you mean --data @payloads/invite.json?"],
    [["-d", "{“page”:“x”}"], "not typographic ones (“) (line 1, column 2)\nhint: The quotes are typographic"],
    [["-d", "{'page':'x'}"], "not single quotes (') (line 1, column 2)\nhint: Put the JSON in single quotes"],
    [
      ["-r", "@payloads/new-comment.json"],
      "contains a whole payload, not recipients\nhint: --file payloads/new-comment.json takes it.",
    ],
    [
      ["-r", "lin,projects/p1"],
      'hint: Give the object as {"collection":"projects","id":"p1"}, or with --object projects/p1',
    ],
  ])("cause a suggestion: %j", async ([args, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock([...COMMENT, "-r", "ada", ...args]);
    expect(stderr).toContain(error);
    expect(exitCode).toBe(2);
  });

  it("a misspelled key of a payload is named, and the hint does not ask for the key", async ({ collab }) => {
    collab.write("p.json", '{\n  "recipiens": ["ada"]\n}');
    const { stderr } = await collab.knock(["notify", "new-comment", "--file", "p.json"]);
    expect(stderr).toContain('error: p.json:2:16: unknown key "recipiens"; did you mean "recipients"?');
    expect(stderr).not.toContain("Add --recipients");
  });

  it("errors in a file have the line and column of the value", async ({ collab }) => {
    collab.write("p.json", '{\n  "recipients": ["ada"],\n  "data": {\n    "page": 5\n  }\n}');
    const args = ["notify", "new-comment", "--file", "p.json", "--json"];
    const { error } = await collab.knock(args);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^p\.json:4:13: the data does not fit workflow "new-comment": data\.page must be/),
      details: [{ pointer: "/data/page", file: "p.json", line: 4, column: 13 }],
    });
    // The value of a flag is not in the file.
    const { error: other } = await collab.knock([...args, "--set", "page:=6"]);
    expect(other.details).toEqual([expect.not.objectContaining({ line: expect.any(Number) })]);
  });

  it.for<[recipients: string, refusal: ExpectedError]>([
    ["", usage('--recipients: an ID is empty in ""')],
    ["ada,,grace", usage('--recipients: an ID is empty in "ada,,grace"')],
    [",ada", usage("--recipients: an ID is empty")],
    ["[]", params("recipients must have at least one recipient", "/recipients")],
    ['{"id":""}', params("recipients[0].id must not be empty", "/recipients/0/id")],
    ['{"id":"  "}', params("recipients[0].id must not be empty", "/recipients/0/id")],
    ['{"id":7}', params("recipients[0].id must be a string, found a number", "/recipients/0/id")],
    ['{"name":"x"}', params("recipients[0].id is required", "/recipients/0/id")],
    ['["ada",7,null]', params("recipients[1] must be a user ID", "/recipients/1", "/recipients/2")],
    ['{"id":"a","collection":""}', params("collection must not be empty", "/recipients/0/collection")],
    ['{"id":"a","preferences":[]}', params("preferences must be an object", "/recipients/0/preferences")],
    [
      '{"id":"a","channel_data":{"fcm":1}}',
      params("channel_data.fcm must be an object", "/recipients/0/channel_data/fcm"),
    ],
    ['{"id":"a","$trigger_data":1}', params("$trigger_data must be an object", "/recipients/0/$trigger_data")],
    ["a/b", params('must not contain "/" or "#"', "/recipients/0")],
    ['{"id":"a"', json("--recipients: invalid JSON: expected a closing brace")],
    ["@none.json", usage("--recipients: none.json does not exist")],
  ])("are reported for --recipients %s", async ([recipients, refusal], { collab }) => {
    await expectCommandError(collab, [...COMMENT, "-r", recipients, ...PAGE], refusal);
  });

  it("are reported if a value is too long or too deep", async ({ collab }) => {
    const send = [...COMMENT, ...PAGE, "-r"];
    const long = "x".repeat(257);
    await expectCommandError(
      collab,
      [...send, long],
      params("recipients[0] must be at most 256 characters", "/recipients/0"),
    );
    for (const name of ["cancellation", "idempotency"]) {
      const key = params(`${name}_key must be at most 255 characters`, `/${name}_key`);
      await expectCommandError(collab, [...send, "ada", `--${name}-key`, long], key);
    }
    await expectCommandError(collab, [...send, "ada", "-d", `{"deep":${nested(10_000)}}`], params("nested too deep"));
  });

  it("are reported without recipients, without a workflow, and without both", async ({ collab }) => {
    await expectCommandError(collab, [...COMMENT, ...PAGE], params("recipients is required", "/recipients"));
    await expectCommandError(collab, ["notify", "-r", "ada"], usage("no workflow key given"));
    await expectCommandError(collab, ["notify"], params("recipients is required"));
    await expectCommandError(collab, ["notify", "a", "b"], usage("too many arguments"));
    await expectCommandError(collab, ["notify", "../invite", "-r", "ada"], {
      exit: 5,
      code: "workflow_missing",
      message: 'there is no workflow "../invite"',
    });
  });
});

describe.concurrent("invalid files of notify", () => {
  it.for<[name: string, content: string | Uint8Array, refusal: ExpectedError]>([
    ["a trailing comma", '{\n  "recipients": ["ada"],\n  "data": {"page": "x",}\n}', json("(line 3, column 24)")],
    ["a truncated document", '{"recipients": ["ada"', json(/invalid JSON: .+\(line 1, column 22\)/)],
    ["a comment", '{"recipients": "ada" /* no */}', json("invalid JSON")],
    ["single quotes", "{'recipients': 'ada'}", json("(line 1, column 2)")],
    ["empty", "", json("invalid JSON: it is empty (line 1, column 1)")],
    ["two documents", "{} {}", json("unexpected text after the end (line 1, column 4)")],
    ["a list", '[{"recipients":["ada"]}]', params("bad.json must be a JSON object, found a list", "")],
    ["a number", "42", params("bad.json must be a JSON object, found a number")],
    ["a string", '"ada"', params("bad.json must be a JSON object, found a string")],
    ["null", "null", params("bad.json must be a JSON object, found null")],
    [
      "a misspelled key",
      payload({ recipient: "x" }),
      params('unknown key "recipient"; did you mean "recipients"?', "/recipient"),
    ],
    ["an unknown key", payload({ color: 1 }), params('unknown key "color"', "/color")],
    [
      "a misspelled setting",
      payload({ settings: { skip_delays: true } }),
      params('did you mean "skip_delay"?', "/settings/skip_delays"),
    ],
    [
      "a setting that is not a boolean",
      payload({ settings: { skip_delay: "yes" } }),
      params("settings.skip_delay must be true or false", "/settings/skip_delay"),
    ],
    ["data that is a string", payload({ data: "x" }), params("data must be an object, found a string", "/data")],
    ["data that is a list", payload({ data: [] }), params("data must be an object, found a list", "/data")],
    [
      "a wrong recipient among 1,001",
      payload({ recipients: [...Array.from({ length: 1_000 }, (_, i) => `u${i}`), 7] }),
      params("recipients[1000] must be", "/recipients/1000"),
    ],
    ["10,000 levels", `{"recipients":["ada"],"data":{"page":"x","a":${nested(10_000)}}}`, params("nested too deep")],
    ["10,000 unclosed levels", "[".repeat(10_000), json("invalid JSON")],
    ["a million levels", nested(1_000_000), { exit: 2, code: "invalid_params", message: "" }],
    [
      "more than 10 MB",
      payload({ data: { page: "x".repeat(10_500_000) } }),
      { exit: 2, code: "payload_too_large", message: "bad.json is larger than 10 MB" },
    ],
    [
      "a key __proto__",
      '{"recipients":["ada"],"__proto__":{"data":{"page":"x"}}}',
      params('"__proto__"', "/__proto__"),
    ],
    [
      "bytes that are not UTF-8",
      Buffer.from('{"recipients":["\xff\xfe"]}', "latin1"),
      usage("bad.json is not valid UTF-8 (first bad byte at offset 16)"),
    ],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), usage("bad.json is not valid UTF-8 (first bad byte at offset 0)")],
    [
      "another workflow's payload",
      payload({ key: "invite" }),
      usage('the payload is for workflow "invite", the command for "new-comment"'),
    ],
  ])("are reported for %s", async ([, content, refusal], { collab }) => {
    collab.write("bad.json", content);
    await expectCommandError(collab, [...COMMENT, "--file", "bad.json"], refusal);
  });

  it.for<[name: string, args: string[], refusal: ExpectedError]>([
    ["a folder", ["--file", "knock"], usage("--file: knock is a directory, not a file")],
    ["a missing file", ["--file", "none.json"], usage("--file: none.json does not exist")],
    ["a path below a file", ["--file", "knock.json/x.json"], usage("does not exist (a part of its path is a file)")],
    ["a circle of links", ["--file", "circle.json"], usage("--file: circle.json is a cycle of symbolic links")],
    ["an empty name", ["--file", ""], usage("--file: a file name is missing")],
    [
      "an unknown format",
      ["--file", "payloads/invite.json", "--format", "yaml"],
      usage('--format: "yaml" is not a format'),
    ],
    ["a CSV file that is missing", ["--file", "x.csv"], usage("x.csv does not exist")],
    ["empty CSV", ["--file", "-", "--format", "csv"], usage("standard input contains no payload")],
  ])("are reported for %s as --file", async ([, args, refusal], { collab }) => {
    symlinkSync("circle.json", collab.path("circle.json"));
    await expectCommandError(collab, ["notify", ...args], refusal);
  });

  it.for<[name: string, input: string | Uint8Array, refusal: ExpectedError]>([
    [
      "bytes that are not UTF-8",
      Buffer.from([0x7b, 0xff]),
      usage("standard input:1:1: the line is not valid UTF-8 (first bad byte at offset 1)"),
    ],
    ["an error in line 3", '\n\n{"key": oops}\n', json("standard input:3:9: invalid JSON: unexpected word")],
    ["a list in line 1", "[]\n", params("standard input:1 must be a JSON object, found a list")],
    ["blank lines only", "\n\n", usage("standard input contains no payload")],
    ["no key in line 2", '\n{"recipients":"lin"}', usage("standard input:2: no workflow key given")],
    [
      "an unknown workflow in line 2",
      '\n{"key":"invit","recipients":"lin"}',
      { exit: 5, code: "workflow_missing", message: 'standard input:2: there is no workflow "invit"' },
    ],
  ])("are reported in JSON Lines on standard input: %s", async ([, input, refusal], { collab }) => {
    await expectCommandError(collab, ["notify", "--file", "-", "--format", "jsonl"], refusal, { input });
  });
});

describe.concurrent("a number that is too large", () => {
  it.for<[args: string, input: string, place: string]>([
    [
      'notify new-comment -r ada --data {"page":"x","n":1e400}',
      "",
      "--data: invalid JSON: PROBLEM (line 1, column 17)",
    ],
    ["notify new-comment -r ada --set n:=1e400", "", "--set n: invalid JSON: PROBLEM (line 1, column 1)"],
    ['notify new-comment -r {"id":"ada","n":-1e400}', "", "--recipients: invalid JSON: PROBLEM (line 1, column 17)"],
    ["notify --file -", '{\n "data": {"n": 1e400}}', "standard input: invalid JSON: PROBLEM (line 2, column 16)"],
    ["notify --file - --format jsonl", '{"data":{"n":1e400}}', "standard input:1:14: invalid JSON: PROBLEM"],
    ["users set ada --file -", '{"n":1e400}', "standard input: invalid JSON: PROBLEM (line 1, column 6)"],
    [
      "users set --file -",
      '{"id":"a"}\n{"id":"b","n":1e400}',
      "standard input: invalid JSON: PROBLEM (line 2, column 15)",
    ],
  ])("is rejected with its place: %s", async ([args, input, place], { collab }) => {
    const { stderr, exitCode } = await collab.knock(args.split(" "), { input });
    expect(stderr).toContain(`error: ${place.replace("PROBLEM", "a number is too large")}`);
    expect(exitCode).toBe(2);
  });

  it("in a response of a fetch step fails the step", async ({ collab }) => {
    const server = await startHttpTestServer();
    server.respondWith({ text: '{"n":1e400}', headers: { "content-type": "application/json" } });
    try {
      const steps = [{ ref: "f", type: "http_fetch", settings: { method: "get", url: `${server.url}/` } }];
      collab.write("knock/workflows/fetched/workflow.json", { name: "Fetched", steps });
      collab.write("knock/environment.json", { fetch: { allow: [server.url] }, private_addresses: ["127.0.0.1"] });
      const { json } = await collab.knock(["notify", "fetched", "-r", "ada", "--json"]);
      expect(JSON.stringify(json)).toContain("the response has a number that is too large, at /n");
    } finally {
      await server.close();
    }
  });
});

describe.concurrent("a file of the other format", () => {
  it.for<[name: string, input: string, format: string, hint: string]>([
    [
      "lines as one payload",
      '{"key":"invite","recipients":"lin"}\n{"key":"invite","recipients":"ada"}',
      "json",
      "If the file has one payload per line, add --format jsonl.",
    ],
    [
      "one payload as lines",
      '{\n  "key": "invite",\n  "recipients": "lin"\n}',
      "jsonl",
      "Put each payload on one line. A single payload on several lines needs `knock notify --format json`.",
    ],
  ])("causes a hint: %s", async ([, input, format, hint], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["notify", "--file", "-", "--format", format], { input });
    expect(stderr).toContain(`\nhint: ${hint}`);
    expect(exitCode).toBe(2);
  });

  it("causes a hint for a payload that names its workflow like an outcome", async ({ collab }) => {
    const input = '{"workflow":"invite","recipients":"lin"}';
    const { stderr } = await collab.knock(["notify", "--file", "-"], { input });
    expect(stderr).toContain('unknown key "workflow"; did you mean "key"?');
  });
});

describe.concurrent("trigger data that does not match the workflow's schema", () => {
  it("is reported with the location, the expected and the found value of every finding", async ({ collab }) => {
    const { error, stderr } = await expectCommandError(
      collab,
      ["notify", "--file", "payloads/order-placed-invalid.json"],
      params("data.order.customer.email must be a valid email", "/data/order/colour"),
    );
    expect(error.details).toMatchObject([
      {
        pointer: "/data/order/customer/email",
        message: 'must be a valid email, found "grace at example.com"',
        value: "grace at example.com",
      },
      { pointer: "/data/order/lines/0/quantity", message: 'must be integer, found "two"', value: "two" },
      {
        pointer: "/data/order/shipping/method",
        message: 'must be one of ["standard","express","pickup"], found "balloon"',
        value: "balloon",
      },
      { pointer: "/data/order/colour", message: "is not a known property" },
    ]);
    expect(stderr).toContain(
      '\n  payloads/order-placed-invalid.json:20:23: data.order.lines[0].quantity must be integer, found "two"\n',
    );
  });

  it.for<[sets: string[], message: string, pointer: string]>([
    [
      ["order.curency=EUR"],
      'data.order.curency is not a known property; did you mean "currency"?',
      "/data/order/curency",
    ],
    [["order.placed_at=yesterday"], "data.order.placed_at must be a valid date-time", "/data/order/placed_at"],
    [["order.lines:=[]"], "data.order.lines", "/data/order/lines"],
    [["order.lines[0].quantity:=0"], "data.order.lines[0].quantity", "/data/order/lines/0/quantity"],
    [["order:=null"], "data.order must be object, found null", "/data/order"],
  ])("is reported for --set %j", async ([sets, message, pointer], { collab }) => {
    const args = ["notify", "--file", "payloads/order-placed.json", ...sets.flatMap((set) => ["--set", set])];
    await expectCommandError(collab, args, params(message, pointer));
  });

  it("is reported with a suggestion if a misspelled key leaves another one missing", async ({ collab }) => {
    const args = [...COMMENT, "-r", "ada", "--set", "pgae=Home"];
    await expectCommandError(
      collab,
      args,
      params('is required, but the data has "pgae"; did you mean "page"?', "/data/page"),
    );
  });
});

it("leaves the runs unchanged when everything is rejected", async ({ collab }) => {
  await collab.knock([...COMMENT, "-r", "ada", ...PAGE]);
  const before = (await collab.knock(["runs", "list", "--json"])).stdout;
  for (const args of [
    ["-d", "["],
    ["--actor", "nobody"],
    ["--set", "page:=7"],
    ["-t", ""],
  ])
    expect((await collab.knock([...COMMENT, "-r", "lin", ...PAGE, ...args])).exitCode).not.toBe(0);
  expect((await collab.knock(["runs", "list", "--json"])).stdout).toBe(before);
});

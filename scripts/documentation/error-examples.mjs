// Runs a command for each error code and returns the errors that it prints, for docs/troubleshooting.md.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { ExampleProject } from "./example-project.mjs";

const COMMENT_TEXT = "knock/workflows/new-comment/email_1/text_body.txt";
const API_KEY = "sk_test_0123456789";
const REMOTE = "knock notify new-comment -r ada --set page=Home --remote";

/** Replaces a text in a file of the project. */
function edit({ dir }, file, from, to) {
  const path = join(dir, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  writeFileSync(path, text.replace(from, to));
}

const respond = (status, body) => ({ status, body, headers: { "retry-after": "0" } });

/**
 * The example of each error code. `command` is shown. `project` is a folder of fixtures/, or null for an empty folder.
 * `prepare` changes the project, `before` are commands that run first, `response` is the response of a server, which
 * `isClosed` stops again.
 */
const SCENARIOS = {
  usage: { command: "knock notify new-comment --recipient ada --sett page=Home" },
  invalid_json: { command: "knock notify new-comment -r ada --data '{page: Home}'" },
  invalid_params: { command: "knock notify new-comment -r ada --set pge=Home" },
  payload_too_large: {
    command: "knock notify new-comment -r ada --data @report.json",
    prepare: ({ dir }) => writeFileSync(join(dir, "report.json"), JSON.stringify({ page: "x".repeat(10_500_000) })),
  },
  channel_invalid: { command: "knock feed list ada --channel sendgrid" },
  not_supported: { command: "knock messages retry --all --remote" },
  project_missing: { project: null, command: "knock notify hello -r ada" },
  project_invalid: {
    command: "knock notify new-comment -r ada --set page=Home",
    prepare: (project) => edit(project, "knock/environment.json", '"channels"', '"chanels"'),
  },
  workflow_invalid: {
    command: "knock notify new-comment -r ada --set page=Home",
    prepare: (project) => edit(project, "knock/workflows/new-comment/workflow.json", '"delay"', '"dely"'),
  },
  template_invalid: {
    command: "knock notify new-comment -r ada --set page=Home",
    prepare: ({ dir }) => appendFileSync(join(dir, COMMENT_TEXT), "{% if page_url %}Open the page: {{ page_url }}\n"),
  },
  warning: {
    command: "knock preview new-comment email_1 --recipient ada --set page=Home --strict",
    prepare: (project) => edit(project, COMMENT_TEXT, "{{", "{{ recipient.nam }} {{"),
  },
  store_unusable: {
    command: "knock notify new-comment -r ada --set page=Home --store notes.db",
    prepare: ({ dir }) => writeFileSync(join(dir, "notes.db"), "Remember the milk.\n".repeat(100)),
  },
  profile_invalid: { command: "knock notify new-comment -r ada --remote --profile staging" },
  authentication: { command: REMOTE },
  not_allowed: {
    command: REMOTE,
    response: respond(403, { code: "permission_denied", message: "The API key may not trigger workflows" }),
  },
  workflow_missing: { command: "knock notify new-coment -r ada" },
  actor_missing: { command: "knock notify new-comment -r ada --actor alann --set page=Home" },
  resource_missing: { command: "knock users get adda" },
  workflow_inactive: {
    command: "knock notify new-comment -r ada --set page=Home",
    prepare: (project) =>
      edit(project, "knock/environment.json", "{", '{ "workflows": { "new-comment": { "active": false } },'),
  },
  idempotency_conflict: {
    command: "knock notify new-comment -r ada --set page=About --idempotency-key comment-7",
    before: ["knock notify new-comment -r ada --set page=Home --idempotency-key comment-7"],
  },
  conflict: {
    command: "knock broadcasts send history-launch --all-users",
    before: ["knock broadcasts send history-launch --all-users"],
  },
  confirmation_needed: { command: REMOTE, env: { KNOCK_API_KEY: "sk_0123456789" } },
  too_many_recipients: {
    command: "knock notify new-comment -r ada,grace,zoe --set page=Home --max-recipients 2",
  },
  recipient_not_allowed: {
    command: REMOTE,
    env: { KNOCK_API_KEY: API_KEY },
    prepare: ({ dir }) =>
      writeFileSync(
        join(dir, "knock.json"),
        JSON.stringify({ knockDir: "./knock", settings: { recipients: { allow: ["*@example.com", "user:qa-*"] } } }),
      ),
  },
  unreachable: { command: `${REMOTE} --base-url http://127.0.0.1:8484`, response: respond(200, {}), isClosed: true },
  port_in_use: { command: "knock dev", response: respond(200, {}) },
  remote_failed: { command: REMOTE, response: respond(503, { code: "unavailable", message: "Try again later" }) },
  rate_limited: { command: REMOTE, response: respond(429, { code: "rate_limited", message: "Too many requests" }) },
  too_much_due_work: {
    command: REMOTE,
    response: respond(429, {
      code: "too_much_due_work",
      message: "more than 100000 runs are due, so triggers with more than 50 recipients are rejected",
    }),
  },
  interrupted: { command: "knock notify --file payloads/triggers.jsonl --all-or-nothing", isStopped: true },
};

/** Starts a server that always returns the same response. Resolves to the server and its address. */
async function startServer({ status, body, headers }) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

async function stopServer(api) {
  api?.server.closeAllConnections();
  await new Promise((resolve) => (api === undefined ? resolve() : api.server.close(resolve)));
}

async function runScenario({
  project: name = "collab",
  command,
  before = [],
  env = {},
  prepare,
  response,
  isClosed,
  isStopped,
}) {
  const api = response === undefined ? undefined : await startServer(response);
  const project = new ExampleProject(name);
  try {
    prepare?.(project);
    for (const line of before) await project.run(line);
    project.env = env;
    let line = command;
    if (isClosed) {
      await stopServer(api);
      project.env = { KNOCK_API_KEY: API_KEY };
      line = line.replace("http://127.0.0.1:8484", api.url);
    } else if (api !== undefined && command === "knock dev") line += ` --port ${new URL(api.url).port}`;
    else if (api !== undefined) project.env = { KNOCK_API_KEY: API_KEY, KNOCK_BASE_URL: api.url };
    const { text } = await project.run(`${line} --json`, { isStopped });
    const lines = text.trimEnd().split("\n");
    const last = lines.pop();
    if (!last.startsWith('{"error":')) throw new Error(`${command} prints no error: ${text}`);
    const { error } = JSON.parse(last);
    const isRemote = "KNOCK_BASE_URL" in project.env;
    const shown = lines.slice(lines.findIndex((printed) => printed.startsWith("error:"))).join("\n");
    return { command, code: error.code, text: isRemote ? shown.replaceAll("127.0.0.1:8484", "api.knock.app") : shown };
  } finally {
    project.remove();
    await stopServer(api);
  }
}

/** Returns the example of each error code that has one, as `{ command, text }`. */
export async function runErrorExamples() {
  const examples = {};
  for (const [code, scenario] of Object.entries(SCENARIOS)) {
    const example = await runScenario(scenario);
    if (example.code !== code) throw new Error(`the example of ${code} has the code ${example.code}: ${example.text}`);
    examples[code] = example;
  }
  return examples;
}

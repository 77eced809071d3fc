// Generates docs/reference/test-api.md from the emulator's routes for tests. Each example is a real request.
import { ExampleProject } from "../documentation/example-project.mjs";
import { loadProgram } from "../documentation/load-program.mjs";
import { formatCode, formatJson, formatTable, joinParts, toAnchor, toSentence } from "../documentation/markdown.mjs";
import { SchemaPage } from "../documentation/schema-page.mjs";

/** Items of a list in an example response. */
const MAX_ITEMS = 1;

/** The requests of the examples: the query or the body of each route. Scenes are last, because resets affect them. */
const EXAMPLES = {
  "POST /__knock/reset": { body: { keep: ["recipients"] } },
  "POST /__knock/seed": { body: { users: [{ id: "kim", name: "Kim", email: "kim@example.com" }] } },
  "POST /__knock/clock": { body: { advance: "30m" } },
  "POST /__knock/idle": { body: { timeout: "5s" } },
  "GET /__knock/messages": { query: "?recipient=grace&channel=sendgrid" },
  "POST /__knock/faults": { body: { channel: "sendgrid", status: 503, times: 2 } },
  "POST /__knock/snapshots": { body: { name: "prepared" } },
  "POST /__knock/snapshots/{name}/restore": { path: "/__knock/snapshots/prepared/restore" },
  "DELETE /__knock/snapshots/{name}": { path: "/__knock/snapshots/prepared" },
  "POST /__knock/runs/{id}/rerun": { body: { data: { page: "Docs" }, skip_delay: true } },
  "POST /__knock/sources/{key}": {
    path: "/__knock/sources/billing",
    body: { type: "plan.changed", user_id: "ada", plan: "team" },
  },
};

/** Shortens lists of an example, so that it shows the format of their items. */
function shorten(value) {
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(shorten);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shorten(item)]));
}

/** Sends the request of a route's example. Returns it as a command, and its response: a document, or the text of a file. */
async function runExample({ endpoint }, url, id) {
  const { path, query = "", body } = EXAMPLES[endpoint] ?? {};
  const [method, pattern] = endpoint.split(" ");
  const target = `${(path ?? pattern).replace("{id}", id)}${query}`;
  const response = await fetch(url + target, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const isJson = response.headers.get("content-type").includes("json");
  const json = isJson ? await response.json() : await response.text();
  if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${JSON.stringify(json)}`);
  return { method, target, body, json };
}

function formatCommand({ method, target, body }) {
  const address = target.includes("?")
    ? `'$KNOCK_BASE_URL${target}'`.replace(/^'\$KNOCK_BASE_URL/, '"$KNOCK_BASE_URL"\'')
    : `$KNOCK_BASE_URL${target}`;
  if (method === "GET") return `curl ${address}`;
  return `curl -X ${method} ${address}${body === undefined ? "" : ` -d '${JSON.stringify(body)}'`}`;
}

/** Returns the table of a route's body or query, or a link if it has the format of a file. */
function formatInput({ endpoint, input }, toJSONSchema) {
  if (endpoint === "POST /__knock/seed")
    return "The body has the format of a [recipients file](files/recipients-json.md).";
  if (input === undefined) return "";
  const schema = toJSONSchema(input(), { unrepresentable: "any", io: "input" });
  if (Object.keys(schema.properties ?? {}).length === 0) return "";
  const page = new SchemaPage(schema, { page: "", shared: [], findExample: () => null, titles: () => "" });
  return joinParts(
    endpoint.startsWith("GET") ? "Query:" : "Body, as JSON:",
    page.build().replaceAll("| Property |", endpoint.startsWith("GET") ? "| Parameter |" : "| Property |"),
  );
}

const INTRODUCTION = `# Test API

[\`knock dev\`](commands/dev.md) serves these routes for tests, in addition to [the API](api-coverage.md). They take and return JSON and need no key. Unknown properties and unknown names are rejected with status 422, so that a misspelled filter does not pass a test. Pages of other origins cannot call them.

[Test your application](../guide/test-your-app.md) shows them in a test. Lists in the responses below are shortened to one item.`;

export async function buildPages() {
  const { FEATURES, SUPPORT_ROUTES, toJSONSchema } = await loadProgram();
  const services = await Promise.all(FEATURES.map((feature) => feature.loadHttpServices?.() ?? []));
  const routes = [...SUPPORT_ROUTES, ...services.flat().flatMap(({ route }) => route ?? [])];
  const project = new ExampleProject("collab");
  const sections = [];
  try {
    await project.run("knock notify new-comment --recipients ada,grace --actor alan --set page=Home --quiet");
    await project.serve(async (url) => {
      // A reset removes the messages that other examples show, so it is the last request.
      const order = [
        ...routes.filter(({ endpoint }) => !endpoint.includes("reset")),
        routes.find(({ endpoint }) => endpoint.includes("reset")),
      ];
      const examples = new Map();
      const [message] = (await (await fetch(`${url}/__knock/messages`)).json()).items;
      let sceneId = "";
      for (const route of order) {
        const id = route.endpoint.includes("/runs/") ? message.source.workflow_recipient_run_id : sceneId;
        const example = await runExample(route, url, id);
        sceneId = example.json.id ?? sceneId;
        examples.set(route, project.stabilize(example));
      }
      for (const route of routes) {
        const example = examples.get(route);
        sections.push(
          `## ${formatRoute(route)}`,
          toSentence(route.summary),
          formatInput(route, toJSONSchema),
          formatCode(formatCommand(example), "sh"),
          typeof example.json === "string"
            ? formatCode(example.json.trim(), "yaml")
            : formatCode(formatJson(shorten(example.json)), "json"),
        );
      }
    });
  } finally {
    project.remove();
  }
  const rows = routes.map((route) => [
    `[\`${formatRoute(route)}\`](#${toAnchor(formatRoute(route))})`,
    toSentence(route.summary),
  ]);
  return {
    "docs/reference/test-api.md": `${joinParts(INTRODUCTION, formatTable(["Route", "Description"], rows), sections)}\n`,
  };
}

const formatRoute = ({ endpoint }) => endpoint;

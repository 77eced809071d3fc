// Writes docs/reference/api-coverage.md from the emulator's route table, and checks that table against the reference
// (docs/internals/catalog/http-api.md, section 6): every operation is listed, with its tier and whether a public key may call
// it. Without `--write`, it fails if the file is out of date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const FILE = join(root, "docs/reference/api-coverage.md");
const ROW = /^\| (A-\d+) \| (GET|POST|PUT|DELETE) `([^`]+)` \|/;

/**
 * Operations that are open to public keys although the reference's `pk` column does not say so, because A-010 says that
 * the browser client calls them.
 */
const CLIENT_CALLS =
  /channel_data|feeds\/\{id\}\/settings|^\S+ \/v1\/providers\/|^GET \/v1\/messages\/\{message_id\}$|guides\/engagements|\/preferences\/\{id\}\/(categories|channel_types|workflows)/;

const bundled = await build({
  absWorkingDir: root,
  entryPoints: ["src/features/dev/emulator/route-table.ts"],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  logLevel: "error",
});
const source = Buffer.from(bundled.outputFiles[0].contents).toString("base64");
const { ROUTES } = await import(`data:text/javascript;base64,${source}`);

const reference = new Map();
for (const line of readFileSync(join(root, "docs/internals/catalog/http-api.md"), "utf8").split("\n")) {
  const [, rule, method, path] = ROW.exec(line) ?? [];
  if (rule === undefined) continue;
  const cells = line.split(" |");
  reference.set(rule, {
    on: `${method} ${path}`,
    tier: Number(/\d/.exec(cells.at(-4))?.[0]),
    open: cells.at(-3).trim() === "y",
  });
}

const faults = [];
const shape = (on) => on.replaceAll(/\{\w+\}/g, "{}");
for (const [rule, { on, tier, open }] of reference) {
  const route = ROUTES.find((candidate) => candidate.rule === rule);
  if (route === undefined) faults.push(`${rule} ${on} is missing`);
  else if (shape(route.endpoint) !== shape(on))
    faults.push(`${rule} is ${on} in the reference, ${route.endpoint} in the table`);
  else if (route.tier !== tier)
    faults.push(`${rule} ${on} has tier ${tier} in the reference, ${route.tier} in the table`);
  else if (open !== (route.publicAccess !== undefined) && !CLIENT_CALLS.test(route.endpoint))
    faults.push(`${rule} ${on} is ${open ? "" : "not "}open to public keys in the reference`);
}
for (const { rule, endpoint, requiresServiceToken } of ROUTES)
  if (!requiresServiceToken && !reference.has(rule)) faults.push(`${rule} ${endpoint} is not in the reference`);
if (new Set(ROUTES.map(({ rule }) => rule)).size !== ROUTES.length) faults.push("a rule stands in the table twice");
if (reference.size < 100) faults.push(`only ${reference.size} operations were read: the reference's form has changed`);

// Every case of docs/internals/catalog/api-cases.md must be named by a test.
const tests = readdirSync(join(root, "test/features/dev/emulator"), { recursive: true, encoding: "utf8" })
  .filter((name) => /(\.test|-cases)\.ts$/.test(name))
  .map((name) => readFileSync(join(root, "test/features/dev/emulator", name), "utf8"))
  .join("\n");
const cases = readFileSync(join(root, "docs/internals/catalog/api-cases.md"), "utf8").matchAll(/^\| (AC-\d+) \|/gm);
for (const [, id] of cases) {
  if (!new RegExp(`\\b${id}\\b`).test(tests)) faults.push(`no test names ${id}`);
}

const count = (keep) => ROUTES.filter(keep).length;
const isWhole = ({ differs, unavailable }) => differs === undefined && unavailable === undefined;
const formatState = ({ differs, unavailable }) =>
  unavailable !== undefined
    ? `**501**: ${unavailable}`
    : differs !== undefined
      ? `with a difference: ${differs}`
      : "as the service";
const text = `# Coverage of the API by \`knock dev\`

Made by \`node scripts/api-coverage.mjs --write\` from the emulator's route table; \`npm run check\` compares it.

${ROUTES.length} operations: ${count(isWhole)} as the service answers them, ${count((route) => route.differs !== undefined)} with a difference that is named,
${count((route) => route.unavailable !== undefined)} that answer 501 with a reason. Beside them: \`GET /v1/openapi\` (paths without schemas), and the helpers for tests under \`/__knock/\`.
"Key" is the key that an operation needs: \`sk\` a secret key, \`pk\` a public or a secret key, \`st\` a service token. Operations with
\`st\` are those of the management API: \`knock dev\` has all ${count((route) => route.requiresServiceToken)} of them, and ${count((route) => route.requiresServiceToken && route.unavailable !== undefined)} return 501 with a reason.

| rule | operation | tier | key | state |
|---|---|---|---|---|
${ROUTES.map((route) => `| ${route.rule} | \`${route.endpoint}\` | ${route.tier ?? "–"} | ${route.requiresServiceToken ? "st" : route.publicAccess ? "pk" : "sk"} | ${formatState(route)} |`).join("\n")}
`;
if (process.argv.includes("--write")) writeFileSync(FILE, text);
else {
  let written = "";
  try {
    written = readFileSync(FILE, "utf8");
  } catch {
    // A missing file is reported below as out of date.
  }
  if (written !== text)
    faults.push("docs/reference/api-coverage.md is out of date: node scripts/api-coverage.mjs --write");
}
for (const fault of faults) console.error(fault);
console.log(`${ROUTES.length} operations, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

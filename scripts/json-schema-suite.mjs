// Runs the official JSON Schema test suite (a checkout of json-schema-org/JSON-Schema-Test-Suite) with the validation
// of trigger data: node scripts/json-schema-suite.mjs <folder> [--list] [--optional]. Each test passes, fails, or has a
// schema that is rejected when the workflow is read, with the reason.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const DRAFTS = {
  draft4: "http://json-schema.org/draft-04/schema#",
  draft6: "http://json-schema.org/draft-06/schema#",
  draft7: "http://json-schema.org/draft-07/schema#",
  "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
  "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
};
const root = join(import.meta.dirname, "..");

async function loadChecks() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { checkJsonSchema } from "./src/domain/schema/check-json-schema.js";
        export { matchesSchema } from "./src/domain/data-schema/check-trigger-data.js";`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** Returns the schema as a workflow contains it: an object that names its draft. */
function asTriggerSchema(schema, draft) {
  const object = typeof schema === "boolean" ? { allOf: [schema] } : schema;
  return object.$schema === undefined ? { $schema: draft, ...object } : object;
}

function findSchemaErrors(schema, { checkJsonSchema }) {
  const faults = [];
  checkJsonSchema(schema, [], (path, message) => faults.push(`${path.join("/")} ${message}`));
  return faults;
}

function verdict(schema, { data, valid }, { matchesSchema }) {
  try {
    return matchesSchema(schema, data) === valid ? null : `expected ${valid ? "valid" : "invalid"}`;
  } catch (error) {
    return error.message.split("\n")[0];
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean" }, optional: { type: "boolean" } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: node scripts/json-schema-suite.mjs <folder of JSON-Schema-Test-Suite> [--list] [--optional]");
  process.exit(2);
}
const checks = await loadChecks();
for (const [name, draft] of Object.entries(DRAFTS)) {
  const tests = join(folder, "tests", name, ...(values.optional ? ["optional"] : []));
  const counts = { passed: 0, refused: 0, failed: 0 };
  const lines = [];
  for (const file of readdirSync(tests).filter((entry) => entry.endsWith(".json"))) {
    for (const group of JSON.parse(readFileSync(join(tests, file), "utf8"))) {
      const schema = asTriggerSchema(group.schema, draft);
      const [fault] = findSchemaErrors(schema, checks);
      if (fault !== undefined) {
        counts.refused += group.tests.length;
        lines.push(`  refused ${group.tests.length}: ${file}: ${group.description}: ${fault}`);
        continue;
      }
      for (const test of group.tests) {
        const fault = verdict(schema, test, checks);
        counts[fault === null ? "passed" : "failed"] += 1;
        if (fault !== null) lines.push(`  failed: ${file}: ${group.description}: ${test.description}: ${fault}`);
      }
    }
  }
  const total = counts.passed + counts.refused + counts.failed;
  console.log(`${name}: ${counts.passed} of ${total} pass, ${counts.refused} refused, ${counts.failed} fail`);
  if (values.list) console.log(lines.join("\n"));
}

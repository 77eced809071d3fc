// Generates docs/reference/actions.md from the files of the actions.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { formatTable, joinParts } from "../documentation/markdown.mjs";
import { ROOT } from "../load-source.mjs";

const ACTIONS = ["review", "setup"];

function describeAction(key) {
  const {
    name,
    description,
    inputs,
    outputs = {},
  } = parse(readFileSync(join(ROOT, "actions", key, "action.yml"), "utf8"));
  const formatValue = (value) => (value === undefined || value === "" ? "" : `\`${value}\``);
  return joinParts(
    `## ${name}`,
    `\`uses: <owner>/<repository>/actions/${key}@v<version>\``,
    description,
    formatTable(
      ["Input", "Description", "Default"],
      Object.entries(inputs).map(([input, value]) => [`\`${input}\``, value.description, formatValue(value.default)]),
    ),
    ...(Object.keys(outputs).length === 0
      ? []
      : [
          formatTable(
            ["Output", "Description"],
            Object.entries(outputs).map(([output, value]) => [`\`${output}\``, value.description]),
          ),
        ]),
  );
}

export function buildPages() {
  return {
    "docs/reference/actions.md": `${joinParts(
      "# GitHub actions",
      "Run `knock` in a workflow of GitHub Actions. See [Review notifications in a pull request](../guide/review-pull-requests.md) for a workflow that uses them.",
      ACTIONS.map(describeAction),
      "`<owner>/<repository>` is the repository of `knock`. A workflow that `knock init --ci github` writes has its address, if the installed version knows it.",
    )}\n`,
  };
}

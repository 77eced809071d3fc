// Generates docs/reference/environment-variables.md from the table of environment variables.
import { formatTable } from "../documentation/markdown.mjs";
import { loadSource } from "../load-source.mjs";

const INTRODUCTIONS = {
  Settings: "A flag takes precedence over its variable. A variable takes precedence over `knock.json` and the profile.",
  "CI jobs":
    "GitHub Actions and GitLab CI/CD set these variables, except the tokens. `--post` is an option of `knock review`.",
  Traces:
    "Standard variables of OpenTelemetry for `knock worker` and `knock dev`. The SDK reads further ones. See [Traces](../guide/scaling.md#traces).",
};

export async function buildPages() {
  const { ENVIRONMENT_VARIABLES } = await loadSource(
    `export { ENVIRONMENT_VARIABLES } from "./src/commands/shared/environment-variables.ts"`,
  );
  const groups = [...new Set(ENVIRONMENT_VARIABLES.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const rows = ENVIRONMENT_VARIABLES.filter((variable) => variable.group === group).map((variable) => [
      `\`${variable.name}\``,
      variable.meaning,
      variable.default,
      variable.flag && `\`${variable.flag}\``,
    ]);
    const introduction = INTRODUCTIONS[group] === undefined ? "" : `${INTRODUCTIONS[group]}\n\n`;
    return `## ${group}\n\n${introduction}${formatTable(["Variable", "Meaning", "Default", "Flag"], rows)}`;
  });
  return {
    "docs/reference/environment-variables.md": `# Environment variables

An empty variable counts as not set, unless the table says otherwise. \`knock config list\` shows each setting and where it comes from.

${sections.join("\n\n")}

## Secrets of the project

Project files name environment variables of your choice, such as \`"$SMTP_PASSWORD"\`, where a secret is needed. knock reads these
variables when it needs the secret. See [Real delivery](../guide/real-delivery.md).

## Variables for your command

\`knock dev -- <command>\` and \`knock dev --exec '<command>'\` set these variables for the command:

| variable | value |
|---|---|
| \`KNOCK_BASE_URL\`, \`KNOCK_MGMT_BASE_URL\` | the address of \`knock dev\`, for the SDKs of the API and of the management API |
| \`KNOCK_API_KEY\`, \`KNOCK_SERVICE_TOKEN\` | your value if you set one, else a key that \`knock dev\` accepts |
| \`KNOCK_CONFIG_DIR\` | a temporary folder whose \`config.json\` makes the official command use \`knock dev\` |
| \`KNOCK_PROFILES_DIR\` | the folder of your profiles, so that \`knock\` finds them although \`KNOCK_CONFIG_DIR\` has changed |
`,
  };
}

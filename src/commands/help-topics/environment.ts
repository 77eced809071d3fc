import { ENVIRONMENT_VARIABLES } from "../shared/environment-variables.js";
import { type HelpTopic, toPlainText } from "./help-topic.js";

/** Variables of other programs that users of knock often set. */
const COMMON_VARIABLES = ["NO_COLOR", "FORCE_COLOR", "HTTPS_PROXY", "NO_PROXY"];

export const environment: HelpTopic = {
  summary: "Environment variables that commands read",
  page: "docs/reference/environment-variables.md",
  buildBlocks: () => [
    "A flag takes precedence over a variable, and a variable over knock.json and the profile. An empty variable whose name starts with KNOCK_ counts as not set.",
    ENVIRONMENT_VARIABLES.filter(({ name }) => name.startsWith("KNOCK_") || COMMON_VARIABLES.includes(name)).map(
      ({ name, meaning }) => [name, toPlainText(meaning)],
    ),
    "Run `knock config list` to see each setting and where it comes from. The page below lists all variables and their defaults.",
  ],
};

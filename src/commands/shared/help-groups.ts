import type { Command } from "commander";

/** The headings of option groups, in the order in which help lists them. */
export const OPTION_GROUPS = {
  payload: "Payload:",
  selection: "Selection:",
  filters: "Filters:",
  paging: "Paging:",
  behavior: "Behavior:",
  bulk: "Files with many triggers:",
  testing: "Testing:",
  server: "Server:",
  database: "PostgreSQL store:",
  profile: "Profile:",
  project: "Project:",
  target: "Target:",
  remote: "Remote target:",
  account: "Account:",
  output: "Output:",
} as const;

/** Groups of options that are not about one command, or that few people need. `-h` leaves them to `--help`. */
export const SHARED_GROUPS: readonly string[] = [
  OPTION_GROUPS.bulk,
  OPTION_GROUPS.project,
  OPTION_GROUPS.target,
  OPTION_GROUPS.remote,
  OPTION_GROUPS.account,
  OPTION_GROUPS.output,
];

/** The headings of command groups, in the order in which help lists them. */
export const COMMAND_GROUPS = {
  trigger: "Trigger and inspect:",
  data: "Recipients and data:",
  develop: "Develop and test:",
  account: "Deploy to the account:",
  settings: "Settings and help:",
} as const;

/** Returns a command as it is typed after `knock`: `runs list`. */
export function getCommandPath(command: Command): string {
  const names: string[] = [];
  for (let current = command; current.parent !== null; current = current.parent) names.unshift(current.name());
  return names.join(" ");
}

/** Returns the line that describes a command in a list: its summary, or the first sentence of its description. */
export function getSummary(command: Command): string {
  const [sentence = ""] = command.description().split(/\.(?: |$)/);
  return command.summary() || sentence;
}

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
  output: "Output:",
} as const;

/** The headings of command groups, in the order in which help lists them. */
export const COMMAND_GROUPS = {
  trigger: "Trigger and inspect:",
  data: "Recipients and data:",
  develop: "Develop and test:",
  settings: "Settings and help:",
} as const;

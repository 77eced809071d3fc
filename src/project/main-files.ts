/** The name of a resource's main file, by the folder of its kind in `knockDir`. A folder without it is not a resource. */
export const MAIN_FILES = {
  audiences: "audience.json",
  broadcasts: "broadcast.json",
  guides: "guide.json",
  layouts: "layout.json",
  "message-types": "message_type.json",
  partials: "partial.json",
  requests: "request.json",
  sources: "source.json",
  workflows: "workflow.json",
} as const;

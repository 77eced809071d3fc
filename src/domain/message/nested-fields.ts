/** Fields of the platforms' own JSON of chat messages that contain nested blocks. */
export const NESTED_FIELDS = [
  "blocks",
  "elements",
  "fields",
  "accessory",
  "attachments",
  "content",
  "body",
  "items",
  "columns",
  "actions",
  "embeds",
  "components",
];

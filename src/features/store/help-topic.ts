import type { HelpTopic } from "../../commands/shared/help-topic.js";

/** The page of `knock help store`. */
export const STORE_TOPIC: HelpTopic = {
  summary: "The local store, which keeps users, runs and messages",
  page: "docs/guide/concepts.md",
  buildBlocks: () => [
    "The local target keeps its data in one SQLite file. Several processes can use it at the same time.",
    [
      ["default", ".knock-local/store.db next to knock.json, in a folder with its own .gitignore"],
      ["--store <file>", 'another file; KNOCK_STORE and "store" in the settings of knock.json do the same'],
      [
        "--store postgres://…",
        "a PostgreSQL database, which workers on several machines can share; set the password in PGPASSWORD, or name another variable in the URL: postgres://ada:$NAME@host/database",
      ],
      ["--store :memory:", "no data is kept after the command; useful with `knock dev` in tests"],
    ],
    "Files in recipients/ of the project are applied when the store is opened, and again after each change. If you remove a recipient from a file, the store keeps it. Delete it with `knock users delete`.",
    "Run `knock store copy` to copy a store to a file or a database, and `knock store migrate` to create or update its tables. Only this command updates the tables of a PostgreSQL store.",
    "Run `knock store snapshot save <name>` to save all data of a file with its clock, and `knock store snapshot restore <name>` to go back to it. `knock store snapshot diff <name>` lists what has changed since.",
    "To start over, delete the folder .knock-local. While `knock dev` runs, use POST /__knock/reset instead.",
    "A unique prefix of 8 or more characters works instead of the ID of a run, a message or a schedule.",
  ],
};

// The project uses the types of Node 20, which has no such module.
declare module "node:sqlite" {
  type Database = import("./driver.js").Database;
  export const DatabaseSync: new (path: string, options: object) => Database;
  export function backup(source: Database, path: string, options: object): Promise<number>;
}

// Node 24's own types; the project's are Node 20's, which has no such module.
declare module "node:sqlite" {
  export const DatabaseSync: import("./driver.js").DatabaseConstructor;
}

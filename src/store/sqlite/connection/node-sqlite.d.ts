// The project uses the types of Node 20, which has no such module.
declare module "node:sqlite" {
  export const DatabaseSync: import("./driver.js").DatabaseConstructor;
}

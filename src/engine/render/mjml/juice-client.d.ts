declare module "juice/client.js" {
  import type juice from "juice";

  const client: typeof juice;
  export default client;
}

// A minimal server to compare the emulator with: it reads the request and responds with a trigger's body. Prints its
// port on standard output.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    const body = JSON.stringify({ workflow_run_id: randomUUID() });
    response.writeHead(200, { "content-type": "application/json; charset=utf-8", "x-request-id": randomUUID() });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

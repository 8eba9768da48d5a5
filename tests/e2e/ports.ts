/** Finds ports of the loopback interface that nobody uses. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/** Whether UDP can have the port too. */
function isFreeForUdp(port: number, host: string): Promise<boolean> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve) => {
    socket.once("error", () => resolve(false));
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });
}

/** A port that was free for both TCP and UDP a moment ago. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, host, () => resolve((server.address() as { port: number }).port));
    });
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (await isFreeForUdp(port, host)) return port;
  }
}

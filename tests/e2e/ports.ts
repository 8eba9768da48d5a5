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

/** Listens for a moment; undefined when the port is taken. Port 0 is any. */
function portForTcp(port: number, host: string): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const { port: bound } = server.address() as { port: number };
      server.close(() => resolve(bound));
    });
  });
}

/** A port that was free for both TCP and UDP a moment ago, and the one behind it for TCP: baresip takes that for TLS. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await portForTcp(0, host);
    if (port === undefined || port === 65_535) continue;
    if (await isFreeForUdp(port, host) && await portForTcp(port + 1, host) !== undefined) return port;
  }
}

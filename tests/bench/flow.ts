/** Owns a way to a phone that ends in the measuring process. */
import type { Flow } from "../../lib/transport/transport.ts";

/** A datagram flow from `local` to `remote`, an address and a port each, whose messages `send` gets. */
export function flowInto(
  local: readonly [string, number],
  remote: readonly [string, number],
  send: Flow["send"],
): Flow {
  const [address, port] = local;
  return {
    id: 1,
    transport: "udp",
    isReliable: false,
    isSecure: false,
    listener: {
      name: "bench",
      transport: "udp",
      address,
      port,
      isSymmetric: false,
      isOpen: true,
      advertised: () => ({ host: address, port }),
    },
    remoteAddress: remote[0],
    remotePort: remote[1],
    isOpen: true,
    send,
  };
}

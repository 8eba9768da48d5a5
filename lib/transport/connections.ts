/**
 * Owns the set of open connections of all stream transports: how many there may be, and which one leads to a peer.
 */
import { limits } from "../runtime/limits.ts";
import type { Connection } from "./connection.ts";
import type { Destination, Listener } from "./transport.ts";

/** Open connections, by peer. */
export class Connections {
  readonly #byPeer = new Map<string, Connection>();
  readonly #all = new Set<Connection>();
  readonly #countBySource = new Map<string, number>();

  /** Open connections. */
  get count(): number {
    return this.#all.size;
  }

  /** Whether one more from `remoteAddress` is within bounds. */
  mayAdd(remoteAddress: string): boolean {
    return this.#all.size < limits.connectionCount &&
      (this.#countBySource.get(remoteAddress) ?? 0) < limits.connectionsPerSource;
  }

  /** Enters a connection. */
  add(connection: Connection): void {
    const { remoteAddress } = connection;
    this.#all.add(connection);
    this.#countBySource.set(remoteAddress, (this.#countBySource.get(remoteAddress) ?? 0) + 1);
    this.#byPeer.set(peerKey(connection.transport, remoteAddress, connection.remotePort), connection);
  }

  /** Takes a connection out. */
  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const { remoteAddress } = connection;
    const left = this.#countBySource.get(remoteAddress)! - 1;
    if (left > 0) this.#countBySource.set(remoteAddress, left);
    else this.#countBySource.delete(remoteAddress);
    const key = peerKey(connection.transport, remoteAddress, connection.remotePort);
    if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
  }

  /** The open connection to a destination, whoever opened it. Source: RFC 3261 §18.1.1. */
  find({ transport, address, port }: Destination): Connection | undefined {
    const connection = this.#byPeer.get(peerKey(transport, address, port));
    return connection?.isOpen ? connection : undefined;
  }

  /** Closes all connections, or those of one listener. */
  close(listener?: Listener): void {
    for (const connection of [...this.#all]) {
      if (listener === undefined || connection.listener === listener) connection.close();
    }
  }
}

function peerKey(transport: string, address: string, port: number): string {
  return `${transport} ${address} ${port}`;
}

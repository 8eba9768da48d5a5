/** What the load generator says to whoever has started it: a line before each phase, upon which it waits for one, and at last what it found. */

/** It would begin its next phase. */
export const READY = "ready";

/** One phase of a run. */
export type Phase = {
  /** Messages that the phase is about: subscriptions, NOTIFYs. */
  count: number;
  millis: number;
  cpuMicrosEach: number;
  /** Milliseconds from the change to the NOTIFY, or from the SUBSCRIBE to its 200 and NOTIFY. */
  p50: number;
  p99: number;
  last: number;
  /** Share of the time in which the generator itself was busy; near 1, it was the limit. */
  busyShare: number;
};

/** What a run found. */
export type LoadResult = {
  comings: Phase[];
  changes: Phase[];
  refreshes: Phase[];
  /** Megabytes of the server, all processes: with the pioneers, with all subscriptions, and after the rest. */
  pss: { before: number; full: number; rested: number };
  /** NOTIFYs that came twice: an answer was lost on the way to the server, or ignored. */
  repeatedCount: number;
  /** SUBSCRIBEs that were sent again: the server was too slow, or lost them. */
  retransmittedCount: number;
  /** Datagrams that the kernel threw away because the server's receive buffer was full. */
  droppedCount: number;
};

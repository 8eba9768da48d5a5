/**
 * Every numeric bound of the appliance, each with its reason. Nothing that comes from outside may grow without one.
 * A place that needs a bound adds it here; sizes in bytes, spans in milliseconds, the rest are counts.
 */
export const limits = {
  /** Largest SIP message taken from a stream or a datagram; a datagram cannot be longer. */
  messageBytes: 65_535,
  /** Connections open at once; 50 phones on a small office, ten times over, each twice. */
  connectionCount: 1_024,
  /** Connections open at once from one address; behind NAT a whole office shares one. */
  connectionsPerSource: 256,
  /** Unsent bytes on one connection before it is closed: a stalled reader hurts only itself. */
  streamBacklogBytes: 1_048_576,
  /** Longest wait for the rest of a message on a stream (slow loris). */
  streamMessageMillis: 10_000,
  /** Datagrams handed to the kernel in one turn of the event loop, so that receiving goes on. */
  datagramBatchCount: 512,
  /** Milliseconds of a turn of the event loop after which further requests wait for the next: what else there is to do comes in between. */
  turnMillis: 10,
  /** Requests that wait so; beyond it datagrams are dropped, and their senders repeat them. Half a second of a small machine. */
  waitingRequestCount: 4_096,
  /** Bytes of them. */
  waitingRequestBytes: 16_777_216,
  /** Datagrams waiting for a full UDP socket; beyond it they are dropped, and their transaction repeats them. */
  outboxDatagramCount: 16_384,
  /** Recent messages kept to be looked at; a hundred phones with thirty lamps each say so many in half an hour. A power of two. */
  recordedMessageCount: 8_192,
  /** Bytes of them; messages of usual length, below a kilobyte, are limited by their count. */
  recordedBytes: 8_388_608,
  /** Bytes kept of one of them; only the NOTIFY of a long list has more. */
  recordedMessageBytes: 16_384,
  /** Requests remembered; each for 32 s on UDP. */
  serverTransactionCount: 32_768,
  /** Oldest server transactions at work looked at for one that may be forgotten when there is no room: a search is no feast. */
  victimSearchCount: 64,
  /** Client transactions in progress, NOTIFYs mostly. */
  clientTransactionCount: 65_536,
  /**
   * Completed client transactions that wait for late answers. Few, so that a fan-out uses the same ones again while the processor
   * still has them at hand: a tenth of its time. A late answer may as well be a stray one.
   */
  waitingSlotCount: 64,
  /** Client transactions that keep the room in which their request was written: more than the windows have on their way. */
  roomySlotCount: 768,
  /** Bytes of a room that is kept; only the NOTIFY of a list needs more. */
  keptRoomBytes: 2_048,
  /**
   * Bytes that may leave per byte that came in while its sender has not proven itself: a datagram's source address may be forged,
   * and a victim must not get more from us than the forger spends twice over.
   */
  amplification: 2,
  /**
   * Asked of the kernel for the receive buffer of each UDP socket; it gives twice `net.core.rmem_max` at most, which is 425,984
   * unless it was raised.
   */
  receiveBufferBytes: 1_048_576,
  /**
   * NOTIFYs outstanding at once. An answer takes 1,280 bytes of the kernel's receive buffer, so that their answers fill no
   * more than three quarters of its default of 212,992 bytes and leave room for requests.
   */
  notifyWindow: 128,
  /**
   * NOTIFYs outstanding at once by streams, which lose nothing: so many that a connection's share of them leaves in few calls, and few
   * enough that to write them takes milliseconds.
   */
  streamNotifyWindow: 512,
  /** NOTIFYs outstanding at once to phones that did not subscribe; their answers come besides those of the window above. */
  unsolicitedWindow: 32,
  /** Attempts at a phone that did not subscribe and answers, but asks for patience each time. */
  unsolicitedAttemptCount: 8,
  /** Subscriptions on the appliance. */
  subscriptionCount: 250_000,
  /** User-Agents whose phone is remembered; an office has some dozen. */
  userAgentCount: 1_024,
  /** Publications of each direction, and mailboxes, on the status page; the rest is a click away. */
  shownServiceCount: 100,
  /** Names in one cell of the status page. */
  shownNameCount: 8,
  /** Free bytes of the disk below which an operator is warned: room for the database's log and some days of journals. */
  lowDiskBytes: 67_108_864,
  /** Members of one list, those of lists in it included. */
  listMemberCount: 1_000,
  /** Members of all list subscriptions together; each is a subscription without a dialog. */
  virtualSubscriptionCount: 200_000,
  /** Extensions made from patterns by somebody asking for them; unwatched ones give way first. */
  derivedHintCount: 10_000,
  /**
   * Characters of an extension that a pattern may fit. Each fit makes a resource, and `.` would take the longest user part that
   * a request can carry; numbers and mail addresses are far shorter.
   */
  patternExtensionChars: 128,
  /** Custom device states, presence states and mailboxes stored, each kind. */
  storedStateCount: 10_000,
  /** Characters of one presence message or subtype. */
  stateTextChars: 1_024,
  /** Contacts of one address-of-record whatever `max_contacts` says: each REGISTER is compared with all of them. */
  contactsPerAor: 256,
  /** Contacts of one address-of-record that ended and are still told of; one REGISTER ends as many at most. */
  departedContactCount: 64,
  /** Contacts in one REGISTER; phones send one, or two when they move. */
  contactsPerRegister: 64,
  /** Registered contacts on the appliance. */
  bindingCount: 20_000,
  /** Characters kept of one binding: URI, parameters, path, Call-ID; five times the longest honest one. */
  bindingTextChars: 4_096,
  /** Publications on the appliance. */
  publicationCount: 20_000,
  /** Publications of one endpoint: another server publishes two packages for each of a thousand extensions. */
  publicationCountPerPublisher: 4_096,
  /** Publications of one endpoint for one target: each change composes all; phones that lose their tag leave some behind. */
  publicationCountPerTarget: 16,
  /** Bytes of one published document: four times a dialog-info of twenty calls; reading takes time by the byte. */
  publicationBodyBytes: 32_768,
  /** Characters of what partial documents add up to: the device states of a server with two thousand phones. */
  publicationValueChars: 262_144,
  /** Characters kept of a User-Agent. */
  userAgentChars: 256,
  /** Elements of an XML document from others; a published document with 64 calls has about a thousand. */
  xmlElementCount: 4_096,
  /** Elements of an XML document inside one another; honest documents need eight. */
  xmlDepth: 16,
  /** Attributes of one XML element; a root with its namespaces has a dozen. */
  xmlAttributeCount: 32,
  /** Characters of one attribute's value, or of one element's own text, in an XML document from others. */
  xmlTextChars: 2_048,
  /** Dialogs in one publication; a hotline has a few, a phone as many as it has lines. */
  publishedDialogCount: 64,
  /** Calls of one device, all publications together; each is compared with the others. */
  callsPerDevice: 256,
  /** Bytes of one document of another Asterisk, which tells one state in a hundred. */
  asteriskDocumentBytes: 4_096,
  /** Characters of a device or mailbox in a document of another Asterisk. */
  asteriskNameChars: 256,
  /** Lines of a message summary; it has a dozen when every kind of message waits. */
  summaryLineCount: 64,
  /** Devices or mailboxes in one publication of another Asterisk, which has one of them per phone. */
  publishedNameCount: 2_000,
  /** PUBLISHes on their way to one server at once; enough for a thousand publications in seconds, no flood for anybody. */
  publishOutstandingCount: 8,
  /** PUBLISHes sent anew at once for what a server demands: challenges, 412, 423. A server that is never content waits. */
  publishRepeatCount: 5,
  /** Longest lifetime in seconds that a server's 423 may demand of a publication. */
  demandedExpiresSeconds: 86_400,
  /** Longest wait in seconds that a server's Retry-After is obeyed for. */
  demandedRetrySeconds: 3_600,
  /** Realms whose challenges are remembered for one server; a request passes a proxy or two on its way. */
  challengesPerTarget: 4,
  /** Pages of 4 KiB in the database's log before they are moved into its file, which takes ten milliseconds at most. */
  loggedPageCount: 1_000,
  /** Rendered bodies kept ready. */
  renderedBodyCount: 20_000,
  /** Characters of one field of a line of the log; a Via of a stranger may be as long as a message. */
  logFieldChars: 4_096,
  /** Different lines of the log remembered for a minute, in which the same ones are only counted. */
  foldedLineCount: 256,
  /** Sources remembered for folding repeated complaints. */
  complaintCount: 1_024,
  /** Credentials examined per request; more than one algorithm of ours each is nonsense, and each costs three hashes. */
  credentialsPerRequest: 3,
  /** Characters of a user name that could not be authenticated, in log and page. */
  refusedUserChars: 64,
  /** Nonces whose counts are tracked. */
  nonceCount: 32_768,
  /** Addresses that one name may lead to; each is tried for as long as a transaction lives. */
  addressesPerName: 16,
  /** Cached name resolutions. */
  resolvedNameCount: 1_024,
  /** Events kept for clients that resume the event stream. */
  eventHistoryCount: 1_000,
  /** Event stream clients at once. */
  eventClientCount: 64,
  /** Unread bytes after which an event stream client is cut off; it comes back and resumes. */
  eventBacklogBytes: 262_144,
  /** Events that wait for one webhook; the oldest gives way, and the next tells that it is missing. */
  webhookQueueCount: 1_000,
  /** Rows of answered NOTIFYs told to event stream clients at once. */
  notifiedEventCount: 200,
  /** Bytes of one form of the page; a presence message is the longest thing in one. */
  formBytes: 16_384,
  /** Lamps shown at once; beyond it the search finds the others. Rendering stays below 50 ms. */
  shownLampCount: 500,
  /** Subscriptions shown at once, those in trouble first. */
  shownSubscriptionCount: 200,
  /** Dialogs of recent messages shown at once. */
  shownDialogCount: 60,
  /** Messages of a dialog shown at once, or listed by the API unless it is told; a phone that watches for a day has said so many. */
  shownMessageCount: 200,
  /** Messages that the API lists at once, about a megabyte of JSON. */
  listedMessageCount: 1_000,
  /** Characters of what recent messages are searched for; a Call-ID is the longest of it. */
  messageQueryChars: 256,
  /** Lamps touched at once beyond which the page is fetched whole. */
  touchedLampCount: 200,
  /** Wrong guesses of the password from one source within a minute before it has to wait. */
  passwordFailureCount: 5,
  /** Verifications of passwords that may wait; each costs memory and tens of milliseconds on another thread. */
  passwordWaitingCount: 8,
  /** Bytes of one HTTP request body. */
  httpBodyBytes: 65_536,
  /** Signed-in browser sessions. */
  sessionCount: 256,
  /** Characters of a number to which a phone forwards; a SIP URI fits. */
  forwardTargetChars: 128,
  /** Rings before a call is forwarded, as phones offer them. */
  forwardRingCount: 100,
  /** Deadlines and answers beyond which no garbage is collected on purpose: with 100,000 that holds everything up for 50 to 100 ms. */
  collectedLivingCount: 25_000,
  /** Problems shown on the page. */
  problemCount: 200,
} as const;

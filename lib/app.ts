/**
 * Composition root: configuration and host become a running appliance. The only file that knows every layer.
 *
 * Start: store, states, SIP layers bottom to top, listeners last, so that the first datagram meets a complete appliance.
 * Stop: listeners keep sending what is queued, then everything closes in the reverse order.
 */

/**
 * Owns the size of a UDP socket's receive buffer, which the runtime has no option for.
 *
 * The kernel's default, 212,992 bytes, holds some 160 answers; the same system call that every other server makes gets at
 * least twice as much, and as much as `net.core.rmem_max` allows. Where the call cannot be made the default stays.
 */
import { dlopen, FFIType, type Pointer, ptr } from "bun:ffi";

/** The C library of glibc and of musl, by the names that the loader knows. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"] as const;

/** Linux: SOL_SOCKET, SO_RCVBUF. */
const SOCKET_LEVEL = 1;
const RECEIVE_BUFFER = 8;

const signature = {
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
} as const;

type SetSocketOption = (socket: number, level: number, name: number, value: Pointer, length: number) => number;

let setSocketOption: SetSocketOption | undefined;

function load(): SetSocketOption {
  for (const library of libraries) {
    try {
      return dlopen(library, signature).symbols.setsockopt as SetSocketOption;
    } catch {
      continue;
    }
  }
  return () => -1;
}

/**
 * Asks the kernel for a receive buffer of `bytes`; it gives what it may.
 *
 * @param socket File descriptor.
 * @returns False when the buffer is as it was.
 */
export function enlargeReceiveBuffer(socket: number, bytes: number): boolean {
  setSocketOption ??= load();
  const value = new Int32Array([bytes]);
  return setSocketOption(socket, SOCKET_LEVEL, RECEIVE_BUFFER, ptr(value), value.byteLength) === 0;
}

/** Shared with the chaos command. */
export { TcpProxy } from '../../scripts/chaos/tcp-proxy';

/**
 * Opens the admin API that the configuration asks for, and says where others find it.
 */
import { hostPort } from '../../core/domain/instance';
import type { AgentConfig } from '../config';
import { Admin, type AdminParts } from './admin';
import type { AdminAddress } from './agent-entry';

/** @returns undefined: nobody asked for one; a text: what the user must mend */
export async function openAdmin(
  { admin: config, services }: AgentConfig,
  parts: AdminParts,
): Promise<{ readonly admin: Admin; readonly where: AdminAddress } | string | undefined> {
  if (config === undefined) return undefined;
  try {
    const admin = new Admin(config, parts);
    const port = await admin.start();
    // Whoever listens everywhere is found where his first server is.
    const everywhere = config.host === '0.0.0.0' || config.host === '::';
    const address = everywhere ? (services[0]?.instance.address ?? config.host) : config.host;
    parts.log.write('info', `admin API at ${hostPort({ address, port })}`, { port });
    return { admin, where: { address, port } };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `admin.listen: cannot open the admin API: ${code === 'EADDRINUSE' ? `${hostPort({ address: config.host, port: config.port })} is in use` : message}`;
  }
}

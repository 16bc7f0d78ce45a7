/**
 * An agent's side of Consul: registers, beats and deregisters through the local Consul agent, which owns the entry. It
 * never writes to the catalog directly: what an agent does not own comes back as a ghost with its next sync.
 */
import type { BeatHealth } from '../../core/domain/health';
import type { Instance } from '../../core/domain/instance';
import { RegistryError, type Membership, type Registration } from '../port';
import { checkIdOf, instanceOf, isOurs, registrationBody } from './consul-entry';
import type { ConsulHttp } from './consul-http';
import { answeredObject } from './consul-json';

export class ConsulMembership implements Membership {
  /** @param version of this package, for people who look into the catalog */
  constructor(
    private readonly http: ConsulHttp,
    private readonly version: string,
  ) {}

  async register(registration: Registration, signal?: AbortSignal): Promise<void> {
    const { id } = registration.instance;
    // What changes with a registration reaches the catalog at once, and with it the output that the check has at that moment:
    // an output that comes later may take minutes. So the words are said before it, where there is a check already, and after.
    await this.beat(id, registration.health, registration.reason, signal).catch(ignoreUnknown);
    const body = registrationBody(registration, this.version);
    await this.http.request(
      { operation: `register ${id}`, method: 'PUT', path: '/agent/service/register', body },
      signal,
    );
    // Consul keeps the status and output of a check that it already had, against what the registration says.
    await this.beat(id, registration.health, registration.reason, signal);
  }

  async beat(instanceId: string, health: BeatHealth, reason: string, signal?: AbortSignal): Promise<void> {
    await this.http.request(
      {
        operation: `beat of ${instanceId}`,
        method: 'PUT',
        path: '/agent/check/update/{id}',
        params: { id: checkIdOf(instanceId) },
        body: { Status: health, Output: reason },
      },
      signal,
    );
  }

  async deregister(instanceId: string, signal?: AbortSignal): Promise<void> {
    await this.http
      .request(
        {
          operation: `deregister ${instanceId}`,
          method: 'PUT',
          path: '/agent/service/deregister/{id}',
          params: { id: instanceId },
        },
        signal,
      )
      .catch(ignoreUnknown);
  }

  async setMaintenance(instanceId: string, on: boolean, reason: string, signal?: AbortSignal): Promise<void> {
    await this.http.request(
      {
        operation: `maintenance of ${instanceId}`,
        method: 'PUT',
        path: '/agent/service/maintenance/{id}',
        params: { id: instanceId },
        query: { enable: String(on), reason },
      },
      signal,
    );
  }

  async registered(signal?: AbortSignal): Promise<readonly Instance[]> {
    const operation = 'list of registered instances';
    const { body } = await this.http.request({ operation, method: 'GET', path: '/agent/services' }, signal);
    const services = Object.values(answeredObject(body, this.http.description, operation));
    return services.filter(isOurs).map((service) => instanceOf(service, ''));
  }
}

function ignoreUnknown(error: unknown): void {
  if (!(error instanceof RegistryError && error.code === 'unknown-instance')) throw error;
}

/**
 * Speaks grpc.health.v1 on one existing connection. It never opens a connection of its own.
 */
import {
  credentials,
  makeGenericClientConstructor,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import type { SubchannelInterface } from './grpc-experimental';

export type ConnectionChannel = ReturnType<SubchannelInterface['getChannel']>;

export interface HealthAnswer {
  readonly status: string;
}

interface HealthRequest {
  readonly service: string;
}

export interface HealthClient {
  check(request: HealthRequest, done: (error: ServiceError | null, answer?: HealthAnswer) => void): ClientUnaryCall;
  watch(request: HealthRequest): ClientReadableStream<HealthAnswer>;
}

const GeneratedClient = makeGenericClientConstructor(healthService, 'Health');

export function healthClientOn(channel: ConnectionChannel): HealthClient {
  // The address is never used: channelOverride is the connection.
  return new GeneratedClient('health', credentials.createInsecure(), {
    channelOverride: channel,
  }) as unknown as HealthClient;
}

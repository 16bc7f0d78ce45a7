import { join } from 'node:path';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './generated/calculator';
import type { CalculatorDefinition } from './generated/calculator/v1/Calculator';
import type { FaultsDefinition } from './generated/calculator/v1/Faults';

/**
 * Loads calculator.proto, which lies beside this file in the sources and in the build alike, with the options that
 * `npm run proto:types` uses. Method definitions carry `options.idempotency_level`, which the client trusts.
 * It must never add meaning of its own: the proto is the reference.
 */
export const calculatorPackage = loadSync(join(__dirname, 'calculator.proto'), {
  longs: Number,
  defaults: true,
  oneofs: true,
});

const { Calculator, Faults } = (loadPackageDefinition(calculatorPackage) as unknown as ProtoGrpcType).calculator.v1;

export const calculatorService: CalculatorDefinition = Calculator.service;
export const CalculatorClient = Calculator;
export type CalculatorClient = InstanceType<typeof Calculator>;

export const faultsService: FaultsDefinition = Faults.service;
export const FaultsClient = Faults;
export type FaultsClient = InstanceType<typeof Faults>;

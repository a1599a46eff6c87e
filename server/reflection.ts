// Reflection (v1 and v1alpha): what `grpcurl list` asks for. Loaded when somebody asks, as it needs
// all of protobufjs, which no check does.

import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import { authorizationPackage, foreignPackage } from '../proto/load.ts';

export function addReflection(server: Server): void {
  const reflected = { ...authorizationPackage(), ...foreignPackage(healthProto) };
  new ReflectionService(reflected).addToServer(server);
}

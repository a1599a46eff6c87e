// One Check over grpc-js, for looking at an answer before thousands of them are only counted.

import { CHECK_PATH } from './check_message.ts';
import { grpcClient, type Target } from './target.ts';

const TIMEOUT_MS = 5_000;

const identity = (bytes: Buffer): Buffer => bytes;

/** Rejects unless the call ends with OK and a message. */
export async function callCheck(target: Target, message: Buffer): Promise<Buffer> {
  const client = grpcClient(target);
  try {
    return await new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + TIMEOUT_MS };
      client.makeUnaryRequest(CHECK_PATH, identity, identity, message, options, (error, answer) => {
        if (error !== null) reject(error);
        else if (answer === undefined) reject(new Error('OK without a message'));
        else resolve(answer);
      });
    });
  } finally {
    client.close();
  }
}

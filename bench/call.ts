// One Check over grpc-js, for looking at an answer before thousands of them are only counted.

import { Client, credentials } from '@grpc/grpc-js';
import { CHECK_PATH } from './check_message.ts';

const TIMEOUT_MS = 5_000;

const identity = (bytes: Buffer): Buffer => bytes;

/** Rejects unless the call ends with OK and a message. */
export async function callCheck(port: number, message: Buffer): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
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

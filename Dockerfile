# docker build -t remit:0.1.0 .
# test/deploy/image.test.ts goes through these steps without Docker.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY proto ./proto
COPY engine ./engine
COPY envoy ./envoy
COPY workers ./workers
COPY audit ./audit
COPY server ./server
COPY cli ./cli
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund

# Node and nothing else: no shell, no package manager.
FROM gcr.io/distroless/nodejs24-debian12
WORKDIR /opt/remit
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/proto ./proto
COPY package.json LICENSE ./
COPY bin ./bin
USER 10001:10001
EXPOSE 9190 9191
ENTRYPOINT ["/nodejs/bin/node", "/opt/remit/bin/remit.js"]
CMD ["serve", "--config", "/etc/remit/remit.yaml"]

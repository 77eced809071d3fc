# An image with the knock command. By default it serves the API of the project that is mounted at /project:
#   docker build --tag knock .
#   docker run --rm --init --publish 8484:8484 --volume "$PWD:/project" knock
# Another command is given as arguments: docker run --rm --volume "$PWD:/project" knock worker
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp
# The bindings are for Node versions before 24.
RUN npm install --global --offline --prefix /opt/knock /tmp/knock-cli-*.tgz \
 && rm -r /opt/knock/lib/node_modules/knock-cli/dist/prebuilds

FROM ${NODE_IMAGE}
COPY --from=build /opt/knock /opt/knock
COPY scripts/docker-health.mjs /opt/knock/
ENV PATH="/opt/knock/bin:${PATH}"
WORKDIR /project
RUN chown node:node /project
USER node
EXPOSE 8484
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "/opt/knock/docker-health.mjs"]
ENTRYPOINT ["knock"]
CMD ["dev", "--host", "0.0.0.0"]

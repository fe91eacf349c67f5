# docker build -t pgconcord .
# docker run -p 6432:6432 -p 9732:9732 -e PGCONCORD_UPSTREAM=postgres://HOST:5432 pgconcord
# It reads /etc/pgconcord/pgconcord.yaml and follows its changes: mount a folder there.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install --yes --no-install-recommends \
      ca-certificates cmake file g++ ninja-build pkg-config \
      libcli11-dev libcpp-httplib-dev libexpected-dev libpg-query-dev libpq-dev libprotobuf-c-dev libsimdjson-dev \
      libspdlog-dev libssl-dev libuv1-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev
COPY . /source
WORKDIR /source
ARG REVISION=unknown
RUN cmake --preset release -DPGCONCORD_REVISION=${REVISION} \
 && cmake --build --preset release --target pgconcord package_files \
 && cd build/release && cpack -G DEB -B /packages \
 && mv /packages/pgconcord_*.deb /packages/pgconcord.deb

# The package brings its libraries, so that they get Debian's security fixes by a rebuild.
FROM ${BASE}
ENV DEBIAN_FRONTEND=noninteractive
COPY --from=build /packages/pgconcord.deb /tmp/pgconcord.deb
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates /tmp/pgconcord.deb \
 && rm -rf /var/lib/apt/lists/* /tmp/pgconcord.deb
COPY --chmod=644 cmake/package/image.yaml /etc/pgconcord/pgconcord.yaml
ARG REVISION=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="pgconcord" \
      org.opencontainers.image.description="PostgreSQL proxy that counts integrity violations per constraint and turns INSERT into upserts by policy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="https://github.com/pgconcord/pgconcord" \
      org.opencontainers.image.documentation="https://github.com/pgconcord/pgconcord#readme"
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 6432 9732
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["pgconcord", "healthcheck"]
ENTRYPOINT ["pgconcord"]
CMD ["run", "--watch"]
